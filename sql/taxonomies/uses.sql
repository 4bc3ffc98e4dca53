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
        ('software', null, 'Software and data', 'Code, data, computers and the systems that run them.'),
        ('write_code', 'software', 'Write code', 'Write a function, a script or a program in a programming language.'),
        ('fix_code', 'software', 'Fix code', 'Find out why code fails or gives an error, and correct it.'),
        ('query_data', 'software', 'Spreadsheets and databases', 'Write a formula in a spreadsheet or a SQL query, or analyse a table of data.'),
        ('run_systems', 'software', 'Devices and networks', 'Set up or repair a computer, a phone, a network or a server.'),

        ('writing', null, 'Writing', 'Texts that are to be sent, published or read.'),
        ('letters', 'writing', 'E-mails and letters', 'Write an email, a letter, a message or a complaint to somebody.'),
        ('articles', 'writing', 'Articles and posts', 'Write an article, a blog post, a report or a post for social media.'),
        ('edit_text', 'writing', 'Edit a text', 'Correct grammar and style, rephrase or shorten a text that is there.'),
        ('summaries', 'writing', 'Summaries', 'Summarise a long text, a paper, a meeting or a document.'),
        ('translation', 'writing', 'Translation', 'Translate a text or a phrase into another language.'),
        ('fiction', 'writing', 'Stories and poems', 'Write a story, a poem, a song, or play a role.'),

        ('learning', null, 'Learning and knowledge', 'Questions whose answer is an explanation.'),
        ('homework', 'learning', 'Homework in mathematics and science', 'Solve or explain a problem in mathematics, physics, chemistry or biology.'),
        ('history_society', 'learning', 'History and society', 'Explain history, politics, religion, philosophy or the arts.'),
        ('languages', 'learning', 'Learning a language', 'Practise a foreign language, its grammar and its words.'),
        ('teaching', 'learning', 'Teaching', 'Plan a lesson, write a quiz or explain something to pupils.'),

        ('work', null, 'Work and business', 'Getting a job, doing it, and running a company.'),
        ('jobs', 'work', 'Applying for a job', 'Write a CV or a cover letter, prepare for a job interview.'),
        ('business', 'work', 'Plans and marketing', 'Plan a business, a project or marketing, find names and slogans.'),
        ('office', 'work', 'Meetings and presentations', 'Prepare slides, an agenda, the minutes of a meeting or a report at work.'),
        ('money', 'work', 'Money and taxes', 'Budget, save, invest, pay taxes or choose insurance.'),
        ('law', 'work', 'Contracts and law', 'Explain a contract, a lease or a right, or draft a legal text.'),

        ('life', null, 'Daily life', 'What people do at home and in their free time.'),
        ('cooking', 'life', 'Cooking', 'Find a recipe, plan meals, bake or cook something.'),
        ('health', 'life', 'Health and sport', 'Ask about symptoms, sleep, food, training or a medical result.'),
        ('travel', 'life', 'Travel', 'Plan a trip, an itinerary, flights or hotels.'),
        ('home_garden', 'life', 'Home, garden and pets', 'Repair or furnish a home, grow plants, look after animals.'),
        ('leisure', 'life', 'Films, books, music and games', 'Recommend a film, a series, a book, music or a game.'),
        ('occasions', 'life', 'Parties and gifts', 'Plan a birthday, a wedding or a party, find a gift.'),
        ('relationships', 'life', 'Relationships and advice', 'Advice on family, friends, partners, feelings or a hard decision.')
) as nodes(id, parent_id, name, description)
