-- One row per setting with a rule: which values are allowed, and whether a lower or a higher value protects users less.
-- Read as soon as settings are built, and by the report, which marks what protects less. An analysis cannot replace it.
with

-- least and most: NULL where there is none. null_means: NULL where a setting may not be null
numbers as (
    from (
        values
            -- who must be behind what is published; a threshold that is null publishes nothing
            ('min_users', 0, null, 'nothing is published', 'lower'),
            ('min_conversations', 0, null, 'nothing is published', 'lower'),
            ('min_users_cell', 0, null, 'min_users', 'lower'),
            ('min_conversations_cell', 0, null, 'min_conversations', 'lower'),
            ('max_user_share', 0, 1, 'nothing is published', 'higher'),
            ('max_text_share', 0, 1, '0, the strictest', 'higher'),
            ('min_users_named', 0, null, 'no such word is published', 'lower'),
            ('sensitive_share', 0, 1, 'no such word is published', 'lower'),
            ('min_audit_rating', 0, 5, 'nothing is published', 'lower'),
            ('round_to', 1, null, 'nothing is published', 'lower'),
            ('threshold_margin', 0, null, null, 'lower'),
            ('term_band', 1, null, null, 'lower'),
            ('conversations_per_user', 1, null, null, null),
            ('max_texts_per_user', 1, null, null, 'higher'),
            -- what is analysed
            ('sample_conversations', 1, null, 'all', null),
            ('extract_sample', 1, null, 'all', null),
            ('proxy_agreement', 0, 1, null, null),
            ('segment_words', 1, null, null, null),
            ('segment_similarity', -1, 1, null, null),
            ('max_segments', 2, null, null, null),
            ('max_message_characters', 200, null, null, null),          -- less is little but the mark of the cut
            ('max_transcript_characters', 200, null, null, null),
            ('template_words', 3, null, null, null),
            ('template_users', 1, null, null, null),
            ('template_share', 0, 1, null, null),
            ('template_conversations', 1, null, null, null),
            ('max_row_bytes', 1, null, null, null),
            ('max_columns', 1, null, null, null),
            ('max_expansion', 1, null, null, null),
            -- clusters, tree and names
            ('conversations_per_cluster', 1, null, null, null),
            ('max_base_clusters', 1, null, null, null),
            ('min_base_clusters', 1, null, null, null),
            ('least_per_cluster', 1, null, null, null),
            ('points_per_cluster', 1, null, null, null),
            ('fit_repeats', 1, null, null, null),
            ('least_similarity', -1, 1, null, null),
            ('levels', 1, null, null, null),
            ('top_clusters', 1, null, null, null),
            ('neighbourhood', 1, null, null, null),
            ('sample_texts', 1, null, null, null),
            ('term_conversations', 1, null, null, null),
            ('max_error_ratio', 0, 1, 'never stops', null),
            ('seed', 0, null, null, null)
    ) as rules(setting, least, most, null_means, protects_less)
),

-- above zero, and at most so much
fractions as (
    from (
        values
            ('refit_growth', null, null, null),
            ('refit_far_share', null, null, null),
            ('refit_least_share', null, null, null),
            ('keep_name_similarity', 1, null, null),
            ('near_identical', 1, null, 'higher'),
            ('regrow_share', null, null, null),
            ('epsilon', 20, 'no noise', 'higher')                       -- above 20, noise hides no user
    ) as rules(setting, most, null_means, protects_less)
),

words as (
    from (
        values
            ('mode', ['insight', 'safety'], null, 'other'),
            ('thresholds', ['default', 'strict'], null, null),
            ('period', ['day', 'week', 'month', 'quarter'], 'chosen', null),
            ('sample_by', ['conversation', 'message'], null, null),
            ('text_by', ['model', 'rule'], null, null),
            ('sample_strata', ['day', 'week', 'month', 'quarter'], 'one sample of all', null),
            ('segment_by', ['turns', 'topic'], 'whole conversations', null),
            ('tree_by', ['names', 'centroids'], 'names if a language model answers', null),
            ('threshold_margin_of', ['words', 'all'], null, null),
            ('naming_sees', ['terms', 'texts'], null, 'other'),
            ('privacy_unit', null, 'any', 'other')                      -- of the input, no column of settings
    ) as rules(setting, choices, null_means, protects_less)
)

select
    setting::varchar as setting,
    least::double as least,
    coalesce(above_least, false)::boolean as above_least,               -- the least value itself is not allowed
    most::double as most,
    choices::varchar[] as choices,
    null_means::varchar as null_means,
    protects_less::varchar as protects_less                             -- where the value is lower, higher, or any other
from (
    from numbers
    union all by name
    select *, 0 as least, true as above_least from fractions
    union all by name
    from words
)
