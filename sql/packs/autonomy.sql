-- One row per question of the pack autonomy: whether work is delegated or done together, and what the human's part is.
-- kind: view
-- grain: facet
-- Published as breakdowns, behind the gates of all others. Needs a language model: rules see the request alone.
select
    facet::varchar as facet,
    question::varchar as question,
    kind::varchar as kind,
    choices::varchar[] as choices,
    clustered::boolean as clustered,
    criteria::varchar as criteria
from (
    values
        -- the five patterns of Anthropic's Economic Index (Handa and others 2025, arXiv 2503.04761), in its order: directive and
        -- feedback loop (automation); task iteration, learning and validation (augmentation)
        (
            'collaboration',
            'How do user and assistant work together? Delegated at once: the user hands over a whole task and hardly comes back. Delegated with feedback: the assistant does the task, and the user passes on results and errors. Worked out together: both improve it in turns. Learning: the user wants to understand. Checking: the user has own work reviewed.',
            'category', ['delegated at once', 'delegated with feedback', 'worked out together', 'learning', 'checking', 'none of these'], false, ''
        ),
        -- what the human still does, after the same index
        (
            'human_role',
            'What does the user do beside asking?',
            'category', ['nothing', 'gives material', 'makes the decisions', 'does part of the work', 'tries out the results', 'reviews the results'], false, ''
        ),
        -- AI autonomy, after the index of January 2026: how much the assistant decides, whether or not it does all of the work
        (
            'ai_autonomy',
            'How much does the assistant decide by itself, such as what to do next and how? None: it carries out exact instructions. Full: it is given a goal alone.',
            'category', ['none', 'little', 'some', 'much', 'full'], false, ''
        )
) as facets(facet, question, kind, choices, clustered, criteria)
