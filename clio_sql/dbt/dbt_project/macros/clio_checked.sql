{# Stops what publishes unless every check in `tests/` is part of the same command, as it is in `dbt build`: dbt then runs
   them first, and skips what publishes when one fails. `dbt run` runs none. #}
{% macro clio_checked() -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() -%}
            {%- set is_check = node.resource_type == 'test' and not node.test_metadata -%}
            {%- if is_check and node.package_name == project_name and node.unique_id not in selected_resources -%}
                {%- do exceptions.raise_compiler_error(
                    'nothing is published without its checks, and ' ~ node.name ~ ' is not part of this command. '
                    'Use: dbt build'
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        select 'checked'
    {%- endif -%}
{%- endmacro %}
