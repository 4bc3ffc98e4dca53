-- One row per facet: the question asked about every conversation, and whether its answers are clustered.
-- kind: view
-- grain: facet
select
    facet::varchar as facet,
    question::varchar as question,       -- of a taxonomy: the facet whose answers are placed, such as request
    kind::varchar as kind,               -- text, category, score (1 to 5) or taxonomy
    choices::varchar[] as choices,       -- of a category; if empty, a language model may answer any word
    clustered::boolean as clustered,     -- of a text: k-means finds the clusters; of a taxonomy: they are its nodes, else it is a breakdown
    criteria::varchar as criteria        -- what makes a good name for its clusters
from (
    values
        (
            'request',
            'What does the user want overall? Begin with a verb. Leave out names, places, numbers and every other detail that could tell who the user is.',
            'text', [], true,
            'an imperative of at most ten words that says what users ask for, specific and plain'
        ),
        (
            'task',
            'What is the assistant asked to do? Begin with a verb. Leave out names, places, numbers and every other detail that could tell who the user is.',
            'text', [], false,
            'a task of the assistant in at most ten words'
        ),
        ('language', 'Which human languages are used? Full English names, in order of importance.', 'category', [], false, ''),
        ('concern', 'How potentially harmful is this conversation, from 1 (harmless) to 5 (dangerous)?', 'score', [], false, '')
) as facets(facet, question, kind, choices, clustered, criteria)
