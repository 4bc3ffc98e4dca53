-- clio_user_id(id): the user that an id belongs to, in one spelling; NULL if the id identifies no user.
-- An id that contains a session loses it, so that one user with many sessions is one: user_H_account_A_session_S and the
-- JSON {"device_id": H, "account_uuid": A, "session_id": S} are both user_H_account_A. Spaces and quotes around an id and
-- characters of no width are removed, wide and ornate forms of ASCII become plain (NFKC, if that gives one ASCII character), and 45.0
-- is 45. Case matters, except in an e-mail address. No users are nan, (null), N/A, default_user_id, 00000000-0000-… and so on.
create or replace macro clio_user_id(id) as (
    with

    given as (
        select
            -- quotes that a log wrote with the id
            if(
                regexp_matches(id::varchar, '(?s)^[\s\p{Z}\p{Cf}]*\\?["''＂＇].*["''＂＇][\s\p{Z}\p{Cf}]*$') and id::varchar not like '%{%',
                regexp_replace(id::varchar, '^[\s\p{Z}\p{Cf}\\"''＂＇]+|[\s\p{Z}\p{Cf}\\"''＂＇]+$', '', 'g'), id::varchar
            ) as person,
            if(person like '%{%' and json_valid(person), person, null)::json as written,
            -- some logs write JSON into a JSON string
            if(json_type(written) = 'VARCHAR' and json_valid(written ->> '$'), (written ->> '$')::json, written) as parts
    ),

    parted as (
        select
            person, parts,
            nullif(parts ->> '$.account_uuid', '') as account, nullif(parts ->> '$.device_id', '') as device
        from given
    ),

    persons as (
        select regexp_replace(case
            when json_type(parts) is distinct from 'OBJECT' then person
            when coalesce(account, device) is not null
                then concat('user_', coalesce(device, parts ->> '$.user_id'), '_account_', account)
            else coalesce(
                parts ->> '$.user_id', parts ->> '$.userId', parts ->> '$.user.id', parts ->> '$.user', parts ->> '$.id',
                -- else everything in it, in the order of its keys
                to_json(map_from_entries(list_sort(list_filter(
                    map_entries(try_cast(parts as map(varchar, json))),
                    lambda entry: entry.key not in (
                        'session_id', 'sessionId', 'session', 'session_uuid', 'conversation_id', 'thread_id', 'request_id',
                        'account_uuid', 'device_id'
                    )
                ))))::varchar,
                parts::varchar
            )
        end, '(?i)(_account_[0-9a-z-]*|user_[0-9a-z]+)_session_(?s:.*)$', '\1') as person
        from parted
    ),

    plain as (
        select case
            when strlen(person) = length(person) then person
            else regexp_replace(
                translate(
                    nfc_normalize(person),
                    ' ª²³¹ºſʰʲʳʷʸˡˢˣᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁᵂᵃᵇᵈᵉᵍᵏᵐᵒᵖᵗᵘᵛᵢᵣᵤᵥᶜᶠᶻ           ․  ⁰ⁱ⁴⁵⁶⁷⁸⁹⁺⁼⁽⁾ⁿ₀₁₂₃₄₅₆₇₈₉₊₌₍₎ₐₑₒₓₕₖₗ'
                || 'ₘₙₚₛₜℂℊℋℌℍℎℐℑℒℓℕℙℚℛℜℝℤℨℬℭℯℰℱℳℴℹⅅⅆⅇⅈⅉⅠⅤⅩⅬⅭⅮⅯⅰⅴⅹⅼⅽⅾⅿ①②③④⑤⑥⑦⑧⑨ⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞ'
                || 'ⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩ⓪ⱼⱽ　ꟲꟳꟴ﬩︐︓︔︕︖︳︴︵︶︷︸﹇﹈﹍﹎﹏﹐﹒﹔﹕﹖﹗﹙﹚﹛﹜﹟﹠﹡﹢﹣﹤﹥﹦﹨﹩﹪﹫！＂＃＄％＆＇（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣＤＥＦＧＨＩＪＫ'
                || 'ＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［＼］＾＿｀ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～𐞥𝐀𝐁𝐂𝐃𝐄𝐅𝐆𝐇𝐈𝐉𝐊𝐋𝐌𝐍𝐎𝐏𝐐𝐑𝐒𝐓𝐔𝐕𝐖𝐗𝐘𝐙𝐚𝐛𝐜𝐝𝐞𝐟𝐠𝐡𝐢𝐣𝐤𝐥𝐦𝐧𝐨𝐩𝐪𝐫𝐬𝐭𝐮𝐯'
                || '𝐰𝐱𝐲𝐳𝐴𝐵𝐶𝐷𝐸𝐹𝐺𝐻𝐼𝐽𝐾𝐿𝑀𝑁𝑂𝑃𝑄𝑅𝑆𝑇𝑈𝑉𝑊𝑋𝑌𝑍𝑎𝑏𝑐𝑑𝑒𝑓𝑔𝑖𝑗𝑘𝑙𝑚𝑛𝑜𝑝𝑞𝑟𝑠𝑡𝑢𝑣𝑤𝑥𝑦𝑧𝑨𝑩𝑪𝑫𝑬𝑭𝑮𝑯𝑰𝑱𝑲𝑳𝑴𝑵𝑶𝑷𝑸𝑹𝑺𝑻𝑼𝑽𝑾𝑿𝒀𝒁𝒂𝒃𝒄𝒅𝒆𝒇𝒈𝒉𝒊𝒋𝒌𝒍𝒎𝒏𝒐𝒑𝒒𝒓𝒔'
                || '𝒕𝒖𝒗𝒘𝒙𝒚𝒛𝒜𝒞𝒟𝒢𝒥𝒦𝒩𝒪𝒫𝒬𝒮𝒯𝒰𝒱𝒲𝒳𝒴𝒵𝒶𝒷𝒸𝒹𝒻𝒽𝒾𝒿𝓀𝓁𝓂𝓃𝓅𝓆𝓇𝓈𝓉𝓊𝓋𝓌𝓍𝓎𝓏𝓐𝓑𝓒𝓓𝓔𝓕𝓖𝓗𝓘𝓙𝓚𝓛𝓜𝓝𝓞𝓟𝓠𝓡𝓢𝓣𝓤𝓥𝓦𝓧𝓨𝓩𝓪𝓫𝓬𝓭𝓮𝓯𝓰𝓱𝓲𝓳𝓴𝓵𝓶𝓷𝓸𝓹𝓺𝓻𝓼𝓽𝓾𝓿𝔀𝔁𝔂𝔃'
                || '𝔄𝔅𝔇𝔈𝔉𝔊𝔍𝔎𝔏𝔐𝔑𝔒𝔓𝔔𝔖𝔗𝔘𝔙𝔚𝔛𝔜𝔞𝔟𝔠𝔡𝔢𝔣𝔤𝔥𝔦𝔧𝔨𝔩𝔪𝔫𝔬𝔭𝔮𝔯𝔰𝔱𝔲𝔳𝔴𝔵𝔶𝔷𝔸𝔹𝔻𝔼𝔽𝔾𝕀𝕁𝕂𝕃𝕄𝕆𝕊𝕋𝕌𝕍𝕎𝕏𝕐𝕒𝕓𝕔𝕕𝕖𝕗𝕘𝕙𝕚𝕛𝕜𝕝𝕞𝕟𝕠𝕡𝕢𝕣𝕤𝕥𝕦𝕧𝕨𝕩𝕪𝕫𝕬𝕭𝕮𝕯𝕰𝕱𝕲𝕳'
                || '𝕴𝕵𝕶𝕷𝕸𝕹𝕺𝕻𝕼𝕽𝕾𝕿𝖀𝖁𝖂𝖃𝖄𝖅𝖆𝖇𝖈𝖉𝖊𝖋𝖌𝖍𝖎𝖏𝖐𝖑𝖒𝖓𝖔𝖕𝖖𝖗𝖘𝖙𝖚𝖛𝖜𝖝𝖞𝖟𝖠𝖡𝖢𝖣𝖤𝖥𝖦𝖧𝖨𝖩𝖪𝖫𝖬𝖭𝖮𝖯𝖰𝖱𝖲𝖳𝖴𝖵𝖶𝖷𝖸𝖹𝖺𝖻𝖼𝖽𝖾𝖿𝗀𝗁𝗂𝗃𝗄𝗅𝗆𝗇𝗈𝗉𝗊𝗋𝗌𝗍𝗎𝗏𝗐𝗑𝗒𝗓𝗔𝗕𝗖𝗗'
                || '𝗘𝗙𝗚𝗛𝗜𝗝𝗞𝗟𝗠𝗡𝗢𝗣𝗤𝗥𝗦𝗧𝗨𝗩𝗪𝗫𝗬𝗭𝗮𝗯𝗰𝗱𝗲𝗳𝗴𝗵𝗶𝗷𝗸𝗹𝗺𝗻𝗼𝗽𝗾𝗿𝘀𝘁𝘂𝘃𝘄𝘅𝘆𝘇𝘈𝘉𝘊𝘋𝘌𝘍𝘎𝘏𝘐𝘑𝘒𝘓𝘔𝘕𝘖𝘗𝘘𝘙𝘚𝘛𝘜𝘝𝘞𝘟𝘠𝘡𝘢𝘣𝘤𝘥𝘦𝘧𝘨𝘩𝘪𝘫𝘬𝘭𝘮𝘯𝘰𝘱𝘲𝘳𝘴𝘵𝘶𝘷𝘸𝘹𝘺𝘻'
                || '𝘼𝘽𝘾𝘿𝙀𝙁𝙂𝙃𝙄𝙅𝙆𝙇𝙈𝙉𝙊𝙋𝙌𝙍𝙎𝙏𝙐𝙑𝙒𝙓𝙔𝙕𝙖𝙗𝙘𝙙𝙚𝙛𝙜𝙝𝙞𝙟𝙠𝙡𝙢𝙣𝙤𝙥𝙦𝙧𝙨𝙩𝙪𝙫𝙬𝙭𝙮𝙯𝙰𝙱𝙲𝙳𝙴𝙵𝙶𝙷𝙸𝙹𝙺𝙻𝙼𝙽𝙾𝙿𝚀𝚁𝚂𝚃𝚄𝚅𝚆𝚇𝚈𝚉𝚊𝚋𝚌𝚍𝚎𝚏𝚐𝚑𝚒𝚓𝚔𝚕𝚖𝚗𝚘𝚙𝚚𝚛𝚜𝚝𝚞𝚟'
                || '𝚠𝚡𝚢𝚣𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡𝟢𝟣𝟤𝟥𝟦𝟧𝟨𝟩𝟪𝟫𝟬𝟭𝟮𝟯𝟰𝟱𝟲𝟳𝟴𝟵𝟶𝟷𝟸𝟹𝟺𝟻𝟼𝟽𝟾𝟿🄫🄬🄰🄱🄲🄳🄴🄵🄶🄷🄸🄹🄺🄻🄼🄽🄾🄿🅀🅁🅂🅃🅄🅅🅆🅇🅈🅉🯰🯱🯲🯳🯴🯵🯶🯷🯸🯹',
                    ' a231oshjrwylsxABDEGHIJKLMNOPRTUWabdegkmoptuviruvcfz           .  0i456789+=()n0123456789+=()aeoxhkl'
                || 'mnpstCgHHHhIILlNPQRRRZZBCeEFMoiDdeijIVXLCDMivxlcdm123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno'
                || 'pqrstuvwxyz0jV CFQ+,:;!?__(){}[]___,.;:?!(){}#&*+-<>=\$%@!"#$%&''()*+,-./0123456789:;<=>?@ABCDEFGHIJK'
                || 'LMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~qABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv'
                || 'wxyzABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs'
                || 'tuvwxyzACDGJKNOPQSTUVWXYZabcdfhijklmnpqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
                || 'ABDEFGJKLMNOPQSTUVWXYabcdefghijklmnopqrstuvwxyzABDEFGIJKLMOSTUVWXYabcdefghijklmnopqrstuvwxyzABCDEFGH'
                || 'IJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzABCD'
                || 'EFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
                || 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv'
                || 'wxyz01234567890123456789012345678901234567890123456789CRABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
                ),
                '[\p{Cf}\x{34F}\x{115F}\x{1160}\x{17B4}\x{17B5}\x{180B}-\x{180F}\x{3164}\x{FE00}-\x{FE0F}\x{FFA0}\x{E0100}-\x{E01EF}]', '', 'g'
            )
        end as person
        from persons
    ),

    trimmed as (
        select regexp_replace(
            regexp_replace(person, '^[\s\p{Z}\x{B}\x{85}]+|[\s\p{Z}\x{B}\x{85}]+$', '', 'g'), '^(-?\d+)[.]0+$', '\1'
        ) as person
        from plain
    )

    select nullif(regexp_replace(
        if(regexp_full_match(person, '[^\s@]+@[^\s@]+[.][^\s@]+'), lower(person), person),
        '(?i)^\\N$|^[\s\p{P}\p{Z}$+<=>^`|~]*(((user|default)[\s\p{P}\p{Z}$+<=>^`|~]*)?(nan|nat|none|null|nil|undef(ined)?|unknown|unspecified|unidentified|anon(ymous)?|guest'
        || '|nobody|default|missing|empty|blank|deleted|redacted|object[\s\p{P}]*object|n[\s\p{P}\p{Z}$+<=>^`|~]*a|no[\s\p{P}\p{Z}$+<=>^`|~]*user|not[\s\p{P}\p{Z}$+<=>^`|~]*(set|logged[\s\p{P}]*in|known|given|available|applicable))'
        || '([\s\p{P}\p{Z}$+<=>^`|~]*(user|account|customer|client|visitor))?([\s\p{P}\p{Z}$+<=>^`|~]*(u?id|name))?|0{8}-?(0{4}-?){3}0{12}|f{8}-?(f{4}-?){3}f{12})?[\s\p{P}\p{Z}$+<=>^`|~]*$',
        ''
    ), '')
    from trimmed
);
