-- One row per use of an AI assistant, in two levels: an example of a fixed taxonomy to change.
-- kind: view
-- grain: facet, id
select
    'use'::varchar as facet,                       -- of kind taxonomy in facets
    id::varchar as id,                             -- becomes the cluster_id; small letters, digits and _, a letter first
    parent_id::varchar as parent_id,               -- the id of the node above; NULL at the top
    name::varchar as name,                         -- published as it is; no other node of the facet has it
    description::varchar as description            -- one sentence; with the name it decides what is near
from (
    values
        ('software', null, 'Software and data', 'Code, data, and the devices they run on.'),
        ('write_code', 'software', 'Write code', 'Write a function, a script, a query or a program.'),
        ('fix_code', 'software', 'Fix code', 'Find out why code fails or gives an error, test it and correct it.'),
        ('spreadsheets', 'software', 'Spreadsheets and databases', 'Excel formulas, SQL queries, tables and data analysis.'),
        ('devices', 'software', 'Devices and networks', 'A phone, computer, printer or wifi that does not work.'),

        ('writing', null, 'Writing', 'Texts that are to be sent, published or read.'),
        ('letters', 'writing', 'E-mails and letters', 'Write an email, a letter, a message or a complaint.'),
        ('articles', 'writing', 'Articles and posts', 'Write a blog post, an article, a product text or an advertisement.'),
        ('edit_text', 'writing', 'Edit a text', 'Correct the grammar of a text, rephrase or shorten it.'),
        ('summaries', 'writing', 'Summaries', 'Summarise an article, a paper, a meeting or a book.'),
        ('translation', 'writing', 'Translation', 'Translate a text or a phrase into another language.'),
        ('fiction', 'writing', 'Stories, poems and speeches', 'Write a story, a novel, a poem, a song or a speech.'),

        ('learning', null, 'Learning', 'Questions whose answer is an explanation.'),
        ('maths', 'learning', 'Mathematics', 'Solve an equation or explain mathematics homework.'),
        ('science', 'learning', 'Science', 'Explain physics, chemistry, biology or medicine.'),
        ('history', 'learning', 'History and society', 'Explain history, politics, religion, philosophy or the arts.'),
        ('languages', 'learning', 'Learning a language', 'Practise a foreign language, its grammar and its words.'),
        ('teaching', 'learning', 'Teaching', 'Plan a lesson or a quiz for pupils.'),

        ('work', null, 'Work and money', 'Careers, companies, money and contracts.'),
        ('jobs', 'work', 'Jobs and careers', 'Write a CV or a cover letter, prepare a job interview, ask for a promotion.'),
        ('business', 'work', 'Business and marketing', 'Plan a business, a project or a campaign, find a name or a slogan.'),
        ('money', 'work', 'Personal finance', 'Budget, debt, savings, investing, taxes and pensions.'),
        ('law', 'work', 'Contracts and law', 'Explain a contract, a lease or a legal right.'),

        ('life', null, 'Daily life', 'What people do at home and in their free time.'),
        ('cooking', 'life', 'Cooking', 'Recipes, meal plans, baking and dinner ideas.'),
        ('health', 'life', 'Health and fitness', 'Workouts, running, symptoms, sleep and diet.'),
        ('travel', 'life', 'Travel', 'Plan a trip: itinerary, packing list, flights and hotels.'),
        ('repairs', 'life', 'Repairs at home', 'Fix a leak, a tap or a wall, hang or install something with tools.'),
        ('garden', 'life', 'Plants and animals', 'Grow vegetables and houseplants, mow a lawn, look after pets.'),
        ('leisure', 'life', 'Films, music and games', 'Recommend a film, a book or a game, play an instrument.'),
        ('advice', 'life', 'Relationships and advice', 'Advice on family, friends, partners, gifts or a hard decision.')
) as nodes(id, parent_id, name, description)
