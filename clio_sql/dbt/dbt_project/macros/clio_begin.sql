{# Reads the input, at the beginning of a run or build. `sql_hash` is that of the analysis as it was exported; when
   a model was changed since, about.sql_hash is made of the models as they are. #}
{% macro clio_begin(sql_hash, exported) -%}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- set sums = [] -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.package_name == project_name -%}
            {%- do sums.append(node.name ~ ' ' ~ node.checksum.checksum) -%}
        {%- endfor -%}
        {%- set found = local_md5(sums | sort | join('\n')) -%}
        select clio_dbt_begin('{{ sql_hash if found == exported else found[:16] }}')
    {%- endif -%}
{%- endmacro %}
