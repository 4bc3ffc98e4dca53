-- clio_span(attributes): the messages of a span of a language model, given its attributes as a JSON object, as STRUCT(role, content)[].
-- Reads the names of OpenTelemetry (gen_ai), new and old, of OpenInference (llm), of Traceloop and of the Vercel AI SDK (ai).
create or replace macro clio_span(attributes) as
    list_transform([attributes], lambda given: case
        when (given ->> '$."gen_ai.operation.name"') in ('embeddings', 'execute_tool', 'create_agent') then null
        else list_concat(
            clio_system(given -> '$."gen_ai.system_instructions"'),
            clio_joined(
                clio_request(list_filter([
                    given -> '$."gen_ai.input.messages"', given -> '$."ai.prompt.messages"', given -> '$."gen_ai.prompt"',
                    clio_numbered(given, 'gen_ai.prompt.', '.role', '.content'),
                    clio_numbered(given, 'llm.input_messages.', '.message.role', '.message.content'),
                    given -> '$."ai.prompt"',
                    case when (given ->> '$."openinference.span.kind"') = 'LLM' then given -> '$."input.value"' end
                ], lambda found: coalesce(found::varchar, '') not in ('', '[]', 'null', '""'))[1]),
                clio_answer(list_filter([
                    given -> '$."gen_ai.output.messages"', given -> '$."ai.response.text"', given -> '$."gen_ai.completion"',
                    clio_numbered(given, 'gen_ai.completion.', '.role', '.content'),
                    clio_numbered(given, 'llm.output_messages.', '.message.role', '.message.content'),
                    case when (given ->> '$."openinference.span.kind"') = 'LLM' then given -> '$."output.value"' end
                ], lambda found: coalesce(found::varchar, '') not in ('', '[]', 'null', '""'))[1])
            )
        )
    end)[1];
