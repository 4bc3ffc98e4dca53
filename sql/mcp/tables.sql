-- One row per published table: what a row of it is, how many there are, and what its columns hold.
select
    tables.table_name::varchar as name,
    tables.comment::varchar as a_row_is,
    tables.estimated_size::bigint as rows,
    list({'name': columns.column_name, 'type': columns.data_type, 'holds': columns.comment} order by columns.column_index) as columns
from duckdb_tables() as tables
inner join duckdb_columns() as columns using (database_name, table_name)
where tables.database_name = 'published'
group by tables.table_name, tables.comment, tables.estimated_size
order by name
