{# Lets what was published be the last build, at the end of a run or build that published all of it. #}
{% macro clio_end(results) -%}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- set told = [] -%}
        {%- for result in results if result.node.resource_type == 'model' and result.node.schema == 'main' -%}
            {%- do told.append(result.status | string) -%}
        {%- endfor -%}
        {%- if told and told | unique | list == ['success'] -%}
            select clio_dbt_end()
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
