-- clio_predict(vector, learned): the likeliest answer to a vector by what clio_learn made, and its probability, 0 to 1:
-- STRUCT(answer, probability).
create or replace macro clio_predict(vector, learned) as
    {
        'answer': learned.answers[clio_predict_raw(cast(vector as float[]), learned.model).number],
        'probability': clio_predict_raw(cast(vector as float[]), learned.model).probability
    };
