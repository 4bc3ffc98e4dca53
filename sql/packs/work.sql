-- One row per question of the pack work: in which occupational field a task is usually done, and which skill it takes.
-- kind: view
-- grain: facet
-- Published as breakdowns, behind the gates of all others. A field is that of the task and says nothing about who asks.
select
    facet::varchar as facet,
    question::varchar as question,
    kind::varchar as kind,
    choices::varchar[] as choices,
    clustered::boolean as clustered,
    criteria::varchar as criteria
from (
    values
        -- the 23 major groups of the Standard Occupational Classification 2018 (U.S. Bureau of Labor Statistics), as Anthropic's
        -- Economic Index assigns tasks to them; the last for what no occupation does
        (
            'occupation',
            'In which occupational field is such a task usually done, whoever asks for it here?',
            'category',
            [
                'Management', 'Business and financial operations', 'Computer and mathematical',
                'Architecture and engineering', 'Life, physical and social science', 'Community and social service',
                'Legal', 'Educational instruction and library', 'Arts, design, entertainment, sports and media',
                'Healthcare practitioners and technical', 'Healthcare support', 'Protective service',
                'Food preparation and serving', 'Building and grounds cleaning and maintenance',
                'Personal care and service', 'Sales', 'Office and administrative support',
                'Farming, fishing and forestry', 'Construction and extraction', 'Installation, maintenance and repair',
                'Production', 'Transportation and material moving', 'Military', 'No occupation'
            ],
            false, ''
        ),
        -- skills of O*NET (U.S. Department of Labor), those that a conversation can show, some of them joined
        (
            'skill',
            'Which skill does the assistant need most for this task?',
            'category', ['writing', 'reading comprehension', 'speaking another language', 'programming', 'mathematics', 'science', 'critical thinking', 'decision making', 'planning and organising', 'instructing', 'troubleshooting and repairing', 'design', 'social perceptiveness', 'none of these'], false, ''
        )
) as facets(facet, question, kind, choices, clustered, criteria)
