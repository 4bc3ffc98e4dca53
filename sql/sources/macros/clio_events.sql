-- clio_events(events): the messages that a span of a language model has as events (gen_ai.user.message, gen_ai.choice), given as JSON, as STRUCT(role, content)[].
create or replace macro clio_events(events) as
    clio_messages(to_json(list_transform(
        list_filter(
            json_extract(events, '$[*]')::json[],
            lambda event: regexp_matches(event ->> '$.name', '^gen_ai\.((user|system|assistant|tool)\.message|choice)$')
        ),
        lambda event: list_transform(
            -- the messages are in one attribute as JSON, or in separate attributes
            [clio_attributes(event -> '$.attributes')],
            lambda attributes: {
                'role': coalesce(
                    nullif(regexp_extract(event ->> '$.name', '^gen_ai\.(\w+)\.message$', 1), ''), 'assistant'
                ),
                'content': clio_found(
                    list_filter(
                        [clio_json(attributes -> '$."gen_ai.event.content"'), clio_json(attributes -> '$.message'), attributes],
                        lambda given: json_type(given) = 'OBJECT'
                    )[1],
                    ['$.message.content', '$.content', '$.message']
                )
            }
        )[1]
    )), 'user');
