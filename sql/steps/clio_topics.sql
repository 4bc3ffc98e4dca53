-- clio_topics(): plain names for groups of clusters, VARCHAR[]: a parent may be called by one of them although no user wrote it.
-- Reviewed by people. None names a person, a place, an organisation or a product. Only the local provider uses them (see
-- clio_tree_topics); a language model's name needs support, also where it is one of these. What users keep to themselves stands in
-- clio_sensitive_topics.
create or replace macro clio_topics() as
    [
        -- Money
        'Card payments', 'Bank accounts', 'Bank cards', 'Cash machines and withdrawals', 'Money transfers',
        'Currencies and exchange rates', 'Fees and charges', 'Topping up an account', 'Identity checks',
        'Passwords and PINs', 'Refunds and returns', 'Lost and stolen cards', 'Ordering a card', 'Card delivery',
        'Failed payments', 'Cheques and deposits', 'Direct debits and standing orders', 'Statements and balances',
        'Personal details', 'Mobile payments', 'Saving and investing', 'Stocks and shares',
        'Cryptocurrencies', 'Insurance', 'Taxes', 'Budgeting', 'Accounting and bookkeeping', 'Invoices and billing',
        'Subscriptions and cancellations', 'Payroll and wages',
        -- Shopping
        'Online shopping', 'Orders and deliveries', 'Prices and discounts', 'Product recommendations',
        'Product descriptions', 'Gifts', 'Clothes and fashion', 'Shoes and accessories', 'Second-hand goods',
        'Reviews and ratings', 'Customer support', 'Complaints',
        -- Travel and transport
        'Travel and transport', 'Flights', 'Hotels and accommodation', 'Trains', 'Buses', 'Taxis and ride sharing',
        'Rental cars', 'Cars and driving', 'Car repair', 'Bicycles', 'Public transport', 'Trip planning',
        'Sightseeing and attractions', 'Visas and passports', 'Luggage and packing', 'Camping and hiking',
        'Cruises and ferries', 'Maps and directions', 'Parking',
        -- Food
        'Cooking and recipes', 'Baking', 'Restaurants', 'Table reservations', 'Meal planning', 'Diets and nutrition',
        'Vegetarian and vegan food', 'Drinks and cocktails', 'Coffee and tea', 'Wine and beer',
        'Food storage and safety', 'Groceries',
        -- Home
        'Rental agreements',
        'Houses and apartments', 'Renting a home', 'Buying and selling a home', 'Furniture and decoration',
        'Home repairs', 'Cleaning and laundry', 'Kitchen appliances', 'Electricity and heating', 'Gardening',
        'Houseplants', 'Moving house', 'Smart home devices', 'Pest control', 'Interior design', 'Energy saving',
        -- Time and organisation
        'Alarms and timers', 'Calendars and appointments', 'Reminders and to-do lists', 'Meetings', 'Time management',
        'Event planning', 'Weddings and parties', 'Project management', 'Dates and times',
        -- Leisure
        'Birthdays',
        'Movies and series', 'Music', 'Songs and lyrics', 'Concerts and tickets', 'Events', 'Theatre and dance',
        'Books and reading', 'Podcasts and radio', 'Video games', 'Board games and puzzles', 'Role-playing games',
        'Sports', 'Football', 'Baseball', 'Basketball', 'Running and cycling', 'Swimming', 'Fitness and exercise',
        'Yoga and meditation', 'Photography', 'Drawing and painting', 'Crafts and knitting', 'Woodworking and tools',
        'Musical instruments', 'Singing', 'Collecting', 'Jokes and riddles', 'Trivia and quizzes',
        'Horoscopes and tarot', 'Dreams', 'Pets and animals', 'Dogs', 'Cats', 'Birds', 'Fish and aquariums', 'Horses',
        'Nature and wildlife', 'Astronomy and space',
        -- Weather
        'Weather', 'Climate and environment',
        -- Health
        'Laboratory results', 'Workout plans',
        'Health questions', 'Doctors and appointments', 'Dentists',
        'Sleep', 'Skin and hair care',
        'Ageing and care',
        'Medical reports',
        -- People
        'Relationships', 'Dating', 'Children''s activities', 'Friendship',
        'Conflict and communication', 'Etiquette and manners', 'Small talk', 'Greetings and thanks',
        'Compliments and apologies',
        -- Work
        'Application letters',
        'Job applications', 'Resumes and cover letters', 'Job interviews', 'Careers', 'Working life',
        'Management and leadership', 'Hiring', 'Training at work', 'Freelancing', 'Starting a business',
        'Business plans', 'Marketing', 'Advertising', 'Social media', 'Sales', 'Customer data', 'Market research',
        'Strategy', 'Product design', 'Logistics and supply', 'Manufacturing', 'Construction', 'Agriculture', 'Retail',
        'Hospitality', 'Real estate business',
        -- Learning
        'School homework', 'Essays and reports', 'Exams and tests', 'University studies', 'Research papers',
        'Mathematics', 'Algebra and equations', 'Geometry', 'Statistics', 'Physics', 'Chemistry', 'Biology',
        'Medicine and anatomy', 'History', 'Geography', 'Philosophy', 'Psychology', 'Economics', 'Law',
        'Sociology', 'Literature', 'Languages', 'Learning a language', 'Grammar and spelling',
        'Vocabulary', 'Pronunciation', 'Teaching and lesson plans', 'Study plans', 'Citations and sources',
        -- Writing
        'Writing and editing', 'Emails and letters', 'Creative writing', 'Stories', 'Poems', 'Scripts and dialogue',
        'Speeches', 'Blog posts', 'Headlines and slogans', 'Summaries', 'Translation', 'Rewriting text',
        'Proofreading', 'Names and titles', 'Instructions and manuals', 'Presentations', 'Reports and documents',
        'Interviews and questions', 'Characters and worlds',
        -- Computers
        'Internet connection problems', 'Spreadsheet formulas',
        'Programming', 'Python programming', 'Web development', 'JavaScript and web pages', 'Databases and SQL',
        'Data analysis', 'Data visualisation', 'Spreadsheets', 'Machine learning', 'Artificial intelligence',
        'Prompts for assistants', 'Image generation', 'Algorithms and data structures', 'Debugging',
        'Testing software', 'Code review', 'Version control', 'Servers and deployment', 'Cloud services',
        'Command line and scripts', 'Operating systems', 'Networks and internet', 'Security and privacy',
        'Mobile apps', 'Phones and tablets', 'Computers and hardware', 'Printers and scanners',
        'Software installation', 'Error messages', 'Accounts and logging in', 'Files and folders',
        'Email and calendars', 'Text documents', 'Websites', 'Search engines', 'Games development', 'Embedded devices',
        'Robots', 'Regular expressions', 'Command shells', 'APIs', 'Configuration', 'Performance',
        -- Society
        'News and current affairs', 'Government services', 'Official forms', 'Legal questions',
        'Contracts', 'Human rights', 'Charity and volunteering', 'Military', 'Energy',
        'Science and technology', 'Inventions', 'Culture and traditions', 'Holidays and celebrations',
        'Art and museums', 'Architecture', 'Fashion and beauty', 'Celebrities and media',
        -- Everyday
        'General knowledge', 'Definitions', 'Comparisons', 'Calculations', 'Unit conversion', 'Lists and tables',
        'Brainstorming', 'Advice and decisions', 'Motivation and habits', 'Personal growth', 'Opinions and debates',
        'Hypothetical questions', 'The assistant itself', 'Device settings', 'Volume and playback',
        'Calls and messages', 'Cancelling and changing', 'Technical support', 'Delivery problems', 'Opening hours',
        'Local services', 'Limits and restrictions', 'Age and eligibility', 'Verification'
    ]
