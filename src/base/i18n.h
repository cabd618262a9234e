#pragma once
/* Marks a string for translation where it stands; who shows it translates it (base/gettext.h). */
#define N_(text) text
