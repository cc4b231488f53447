/* A library that loads and is no malloc. */
int empty_answer(void);

int empty_answer(void)
{
    return 42;
}
