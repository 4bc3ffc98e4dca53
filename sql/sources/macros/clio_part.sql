-- clio_part(part): the text of one content part, given as JSON; NULL of images, audio, files, thoughts and tool calls.
create or replace macro clio_part(part) as
    case
        when (part ->> '$.type') in ('text', 'input_text', 'output_text') and json_type(part, '$.text') = 'VARCHAR'
            then part ->> '$.text'  -- the most usual part
        when json_type(part) = 'VARCHAR' and not starts_with(part ->> '$', 'data:') then part ->> '$'
        when json_type(part) != 'OBJECT' or (part ->> '$.thought') = 'true' then null
        when coalesce(part ->> '$.type', part ->> '$.content_type', part ->> '$.kind', 'text') not in (
            'text', 'input_text', 'output_text', 'multimodal_text', 'audio_transcription', 'markdown', 'refusal', 'message', 'content', 'string'
        ) then null
        else list_filter(
            list_transform(
                json_extract(part, ['$.text', '$.content', '$.refusal', '$.value', '$.text.value', '$.markdown']),
                lambda text: case when json_type(text) = 'VARCHAR' then text ->> '$' end
            ),
            lambda text: text is not null
        )[1]
    end;
