-- clio_identifies(text): whether a text holds an identifier spelled out in words: an e-mail address, a number, a street with its
-- number, a date. In English, Spanish, French, German, Portuguese and Italian, and three Chinese digits; it prefers false positives to misses.
create or replace macro clio_identifies(text) as
    regexp_matches(text, '[〇零一二三四五六七八九]{3,}') or regexp_matches(lower(text), concat(
        -- two digits in a row, or a number and a digit: 'cuatro uno', 'double seven', 'eighty one four'
        '\b(zero|one|two|three|four|five|six|seven|eight|nine|double|triple|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve',
        '|zéro|deux|trois|quatre|cinq|sept|huit|neuf|null|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun',
        '|dois|três|quatro|sete|oito|nove|due|tre|quattro|cinque|sei|sette|otto)',
        '[ -](zero|oh|one|two|three|four|five|six|seven|eight|nine|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve',
        '|zéro|deux|trois|quatre|cinq|sept|huit|neuf|null|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun',
        '|dois|três|quatro|sete|oito|nove|due|tre|quattro|cinque|sei|sette|otto)\b',
        -- 'jane dot kowalski at gmail', 'ana arroba correo punto es'
        '|\b(at|ät|arroba|arobase|chiocciola|klammeraffe) [\p{L}-]+ (dot|punto|punkt|point|ponto)\b',
        '|\b(dot|punto|punkt|point|ponto) (com|org|net|edu|gov|info|io|co|uk|es|fr|de|pt|br|it|eu|ch|at)\b',
        '|\b(arroba|arobase|chiocciola|klammeraffe)\b',
        '|\b[\p{L}-]+ (dot|punto|punkt|ponto) [\p{L}-]+ (at|ät|arroba|arobase|chiocciola|klammeraffe)\b',
        -- a street or a flat with its number
        '|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(thir|four|fif|six|seven|eigh|nine)teen|(twen|thir|for|fif|six|seven|eigh|nine)ty)',
        '( [\p{L}-]+){1,2} (street|road|lane|avenue|crescent|terrace|boulevard|gardens|mews)\b',
        '|\b(flat|apartment|apt|piso|puerta|interno|appartement|apartamento|andar|wohnung|stiege|tür|hausnummer)',
        ' (one|two|three|four|five|six|seven|eight|nine|ten|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|un|deux|trois|quatre|cinq|six',
        '|sept|huit|neuf|dix|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|um|dois|três|quatro|sete|oito|nove|dez|due|tre|quattro|cinque)\b',
        '|\b(calle|avenida|plaza|paseo|rue|via|viale|piazza|corso|rua|travessa|praça)( [\p{L}-]+){1,4} (número|numero|numéro|n) \p{L}+',
        '|[\p{L}-]+(straße|strasse|weg|platz|allee|gasse) (eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|\p{L}+zehn|\p{L}+zig)\b',
        -- a day, a year
        '|\b(first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|\p{L}+(teenth|tieth))',
        ' (of )?(january|february|march|april|may|june|july|august|september|october|november|december)\b',
        '|\b(nineteen|twenty) ((thir|four|fif|six|seven|eigh|nine)teen|(twen|thir|for|fif|six|seven|eigh|nine)ty)\b'
    ));
