/* A user's file: is the body of its sum vectorised? R, VALUE and EXPRESSION say
 * what is summed. With -DPLANTED it is a body that cannot be vectorised, which
 * the test must notice. */
#include <weft/par/reduce.h>

#ifdef PLANTED
R opaque(VALUE x);
#undef EXPRESSION
#define EXPRESSION(x) opaque(x)
#endif

WEFT_PAR_SUM(R, vector_sum, const VALUE *, v, i)
{
    return EXPRESSION(v[i]);
}

R user(const VALUE *v, size_t n);

R user(const VALUE *v, size_t n)
{
    return vector_sum(v, n);
}
