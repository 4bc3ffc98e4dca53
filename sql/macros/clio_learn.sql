-- clio_learn(vectors, answers): a logistic regression from a list of vectors to as many answers, for clio_predict:
-- STRUCT(model, answers), the id of the model and its distinct answers.
create or replace macro clio_learn(vectors, answers) as
    clio_learn_raw(cast(vectors as float[][]), cast(answers as varchar[]));
