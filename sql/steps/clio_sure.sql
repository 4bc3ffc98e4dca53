-- clio_sure(predicted): the answer of a regression, NULL where it is more likely wrong than right.
create or replace macro clio_sure(predicted) as
    case when predicted.probability >= 0.5 then predicted.answer end;
