-- clio_sensitive_topics(): plain names, like clio_topics, for what users keep to themselves, VARCHAR[]: health, family, money, faith, …
-- Each word of one needs support like any other word: by min_users users, and a sensitive word by sensitive_share of all users of
-- a base cluster.
create or replace macro clio_sensitive_topics() as
    [
        'Allergies', 'Crime and safety', 'Debt and credit', 'Disability and accessibility', 'Elections',
        'Family', 'Grief and loss', 'Immigration', 'Injuries and first aid', 'Loans and mortgages',
        'Medication', 'Mental health', 'Parenting', 'Pensions and retirement', 'Politics',
        'Pregnancy and babies', 'Religion', 'Sexual health', 'Stress and anxiety', 'Symptoms',
        'Therapists and counselling', 'Vaccinations', 'Weight loss'
    ];
