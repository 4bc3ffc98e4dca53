-- One row per question of the pack outcome: whether users got what they wanted, what it cost them, and what was wrong.
-- kind: view
-- grain: facet
-- Published as breakdowns, behind the gates of all others. No choice follows from that of another question: where one
-- breakdown decides another, each reveals what the other holds back. Needs a language model: rules see the request alone.
select
    facet::varchar as facet,
    question::varchar as question,
    kind::varchar as kind,
    choices::varchar[] as choices,
    clustered::boolean as clustered,
    criteria::varchar as criteria
from (
    values
        -- task success, after Anthropic's Economic Index of January 2026
        (
            'solved',
            'Did the assistant complete what the user asked for? Go by what the user says and by the answers themselves, not by thanks alone.',
            'category', ['yes', 'partly', 'no', 'cannot be told'], false, ''
        ),
        -- signs of effort in what users write next, after SPUR (Lin and others 2024, arXiv 2403.12388)
        (
            'friction',
            'What cost the user the most effort in this conversation?',
            'category', ['nothing', 'saying it again in other words', 'correcting mistakes', 'giving missing details', 'asking for a better format or length', 'a refusal', 'something else'], false, ''
        ),
        -- good, bad or unknown by what the user writes next, after How People Use ChatGPT (Chatterji and others 2025, NBER 34255)
        (
            'satisfaction',
            'How satisfied does the user show to be with the answers, in their own words?',
            'category', ['satisfied', 'neither', 'dissatisfied', 'not shown'], false, ''
        ),
        -- reasons for dissatisfaction, after SPUR; asked of answers that helped, too, so that it is not decided by solved
        (
            'failure',
            'What is the main thing wrong with the answers, even if they helped?',
            'category', ['nothing', 'misunderstood the request', 'wrong or made up', 'incomplete', 'did not follow the instructions', 'refused', 'lacked a tool or access', 'something else'], false, ''
        )
) as facets(facet, question, kind, choices, clustered, criteria)
