-- clio_various(): the one parent of the top level for clusters that have little in common with any other: its id, name and description.
-- Its words need no user: all are among the reviewed task words.
create or replace macro clio_various() as
    {
        'cluster_id': '(various)',
        'name': 'Various',
        'description': 'Groups that do not have much in common with any other.'
    };
