#pragma once
/* What every unit test includes first: cmocka, with the headers that it wants before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those */
#include <cmocka.h>

/* To those who read TAP, what cmocka skips is a test that failed. */
#undef skip
#define skip() return
