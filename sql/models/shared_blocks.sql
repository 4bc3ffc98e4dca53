-- One row per block of a user's turn that enough other turns share: at least `template_words` words of its own.
-- kind: table
-- grain: conversation_id, position, first_item
-- by: conversation_id
--
-- Where an operator's text ends, the turns start to differ. So a block ends where the number of turns that share it drops by
-- more than a tenth: words that a few users begin alike ('How do I') are not part of it, and too few for a block themselves.
with

shared as (
    select
        turn_windows.conversation_id, turn_windows.position, turn_windows.place, shared_windows.texts,
        lag(turn_windows.place) over turn as place_before,
        lag(shared_windows.texts) over turn as texts_before
    from turn_windows inner join shared_windows using (window_hash)
    window turn as (partition by turn_windows.conversation_id, turn_windows.position order by turn_windows.place)
),

runs as (
    select
        *,
        count(*) filter (
            place_before is null or place <> place_before + 1
            or least(texts, texts_before) < 0.9 * greatest(texts, texts_before)
        ) over (partition by conversation_id, position order by place) as run
    from shared
),

stretches as (
    select
        conversation_id, position, run,
        min(place) as first_item,
        max(place) + any_value(template_words) - 1 as last_item,
        max(texts) as texts
    from runs cross join settings
    group by conversation_id, position, run
),

-- where two overlap, the words belong to the one that more turns share
parted as (
    select
        conversation_id, position, texts,
        greatest(first_item, case when lag(texts) over turn >= texts then lag(last_item) over turn + 1 else 0 end) as first_item,
        least(last_item, case when lead(texts) over turn > texts then lead(first_item) over turn - 1 else last_item end) as last_item
    from stretches
    window turn as (partition by conversation_id, position order by run)
),

-- the punctuation that ends the user's sentence is the user's
trimmed as (
    select
        conversation_id, position, texts, last_item, items,
        parted.first_item
            + cast(parted.first_item > 1 and regexp_matches(items[parted.first_item], '^[.?!。？！]') as integer) as first_item
    from parted inner join turn_words using (conversation_id, position)
    where parted.first_item <= last_item
)

select
    conversation_id::varchar as conversation_id,
    position::integer as position,
    first_item::integer as first_item,              -- counted in the turn's words and signs, from 1
    last_item::integer as last_item,
    texts::integer as texts,                        -- different turns that contain it
    rtrim(array_to_string(items[first_item:last_item], ''), concat(' ', chr(9), chr(10), chr(13)))::varchar as text,
    len(list_filter(items, lambda item: regexp_matches(item, '^[\p{L}\p{M}\p{N}_]')))::integer as turn_words,
    len(list_filter(items[first_item:last_item], lambda item: regexp_matches(item, '^[\p{L}\p{M}\p{N}_]')))::integer as words
from trimmed cross join settings
-- a character of a script without spaces is half a word
where list_sum(list_transform(items[first_item:last_item], lambda item: case
    when regexp_matches(item, '^[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]') then 0.5
    when regexp_matches(item, '^[\p{L}\p{M}\p{N}_]') then 1
    else 0
end)) >= template_words
