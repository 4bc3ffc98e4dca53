{# One row where the model has none, or more than one. #}
{% test one_row(model) %}
select count(*) as rows from {{ model }} having count(*) <> 1
{% endtest %}
