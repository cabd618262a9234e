#pragma once
/* What was asked for with a command, answered on a page of its own. */
#include "app/doctor.h"
#include "core/node.h"

struct ui;

void page_answer(struct ui *ui, const struct node_answer *answer);
void page_doctor(struct ui *ui, const struct doctor_report *report);
