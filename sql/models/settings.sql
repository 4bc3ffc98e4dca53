-- One row: the thresholds and sizes of the analysis. A NULL threshold holds back whatever it protects.
-- kind: view
-- grain: one row
select
    'insight'::varchar as mode,                     -- safety: no gates, for authorised people only
    null::varchar as flag,                          -- safety: the breakdown that says what a classifier flagged
    0.95::double as near_identical,                 -- cosine from which two texts of a cluster count as one
    0.5::double as max_text_share,                  -- of a cluster, or of the texts with a word: if near-identical texts of a few users are more, they count for one of them; 0: always
    3::integer as min_accounts,                     -- safety: fewest accounts that make a group of such requests
    null::varchar as screener,                      -- a yes/no question; only conversations that it fits are analysed
    null::bigint as sample_conversations,           -- how many are analysed; null: all
    'conversation'::varchar as sample_by,           -- message: the more answers a conversation has, the likelier it is drawn
    null::bigint as extract_sample,                 -- of how many a language model answers categories and scores; of the rest a regression does; null: of all
    0.9::double as proxy_agreement,                 -- share of held-out answers that such a regression must agree with, else the model goes on
    'model'::varchar as text_by,                    -- who answers facets of kind text where a language model answers; rule: what users wrote, at no cost
    null::varchar as sample_strata,                 -- day, week, month or quarter: each gets its share of the sample
    null::varchar as segment_by,                    -- what is a unit of its own: turns of users, or parts about one topic; null: conversations
    5::integer as segment_words,                    -- fewest words with which a user's turn may begin a segment
    0.2::double as segment_similarity,              -- by topic: cosine to both turns before, below which a turn begins one
    10::integer as max_segments,                    -- of a conversation; the last one holds the rest
    'default'::varchar as thresholds,               -- strict: fewer and larger clusters, cells as Anthropic's Economic Index publishes them
    case thresholds when 'default' then 10 when 'strict' then 250 end::integer as min_users,    -- fewest distinct users behind everything that is shown or named
    case thresholds when 'default' then 20 when 'strict' then 500 end::integer as min_conversations,    -- fewest conversations behind everything that is shown or named
    case thresholds when 'strict' then 5 end::integer as min_users_cell,    -- fewest users behind a value or period of a shown cluster; null: as many as behind clusters
    case thresholds when 'strict' then 15 end::integer as min_conversations_cell,    -- fewest conversations behind one; null: the same
    100::integer as min_users_named,                -- fewest distinct users behind a word that is part of a person's name
    0.25::double as sensitive_share,                -- of a cluster's users, to name what people keep to themselves: health, faith, …
    5::integer as threshold_margin,                 -- how many more users than that a thing may need: drawn for each from a secret
    'words'::varchar as threshold_margin_of,        -- words: words and phrases of names, and what makes a repeated text a common request; all: base clusters and cells too
    20::integer as term_band,                       -- phrases are ordered by users rounded to bands of this width, at secret places; 1: exact
    0.5::double as max_user_share,                  -- largest part of a cluster that may come from one user
    3::integer as min_audit_rating,                 -- of 5; a name with a lower rating is not shown
    null::double as epsilon,                        -- counts get noise: the privacy budget of a build; needs the extra dp
    1::integer as conversations_per_user,           -- with epsilon: how many of one user's conversations count in each facet
    5::integer as round_to,                         -- published counts are rounded to the nearest multiple of this
    50::integer as conversations_per_cluster,       -- base clusters: one for this many conversations, …
    1000::integer as max_base_clusters,             -- … but never more than these, …
    8::integer as min_base_clusters,                -- … and no fewer than these, …
    33::integer as least_per_cluster,               -- … as long as that leaves this many conversations for each
    256::integer as points_per_cluster,             -- conversations per base cluster that k-means looks at
    30::integer as fit_repeats,                     -- how often the same answer counts, at most, when clusters are fitted
    3::integer as levels,                           -- of the hierarchy, including the base
    10::integer as top_clusters,                    -- wanted number of clusters at the top; up to half as many more where they have little in common
    null::varchar as tree_by,                       -- names: broader names are asked for, and each cluster chooses one; …
                                                    -- … centroids: the nearest are grouped; null: names if a language model answers
    40::integer as neighbourhood,                   -- clusters that are looked at together for broader names
    'terms'::varchar as naming_sees,                -- texts: a language model that names reads answers of members, too; terms: …
                                                    -- … only phrases that enough users wrote; the local provider always names from those
    50::integer as sample_texts,                    -- texts of a cluster, and of its neighbours, that naming sees
    3::integer as max_texts_per_user,               -- of these, the most that come from one user
    1000::integer as term_conversations,            -- conversations of a cluster whose phrases are counted
    8000::integer as max_message_characters,        -- a longer message is shortened in the middle
    100000::integer as max_transcript_characters,   -- a longer transcript too
    12::integer as template_words,                  -- words that turns must share, word for word, to be an operator's text …
    10::integer as template_users,                  -- … users in whose first turns they occur, before or behind different words, …
    0.02::double as template_share,                 -- … and that share of all users
    50000::integer as template_conversations,       -- conversations that are looked through for such texts
    0.3::double as refit_growth,                    -- clusters are fitted again when the number of conversations changed by this share, …
    0.1::double as refit_far_share,                 -- … or when more than this share is far from every cluster; 0.05 are when it is fitted
    0.5::double as refit_least_share,               -- such a refit reaches this share of the base clusters; beyond it, only wide ones are split
    0.95::double as keep_name_similarity,           -- cosine of old and new centroid from which a cluster keeps its name
    0.3::double as regrow_share,                    -- the tree is rebuilt when more than this share of the conversations is in clusters new to it
    16777216::bigint as max_row_bytes,              -- of the input: a longer JSON object, CSV line or SQLite row is refused, …
    400::integer as max_columns,                    -- … so are more columns, or keys of all JSON objects together, …
    200::integer as max_expansion,                  -- … and a packed file that unpacks to this many times its size
    null::varchar as period,                        -- of trends: day, week, month or quarter; null: chosen, see trend_period
    0.05::double as max_error_ratio,                -- a paid step stops when a larger share of its calls failed
    0.1::double as least_similarity,                -- of a fixed taxonomy: cosine to a leaf below which a text belongs to none of them
    0::integer as seed
