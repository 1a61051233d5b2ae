/* Private to ca/create*.c: the order as init.conf holds it. */
#ifndef SUBCA_CA_CREATE_ORDER_H
#define SUBCA_CA_CREATE_ORDER_H

#include "ca/create.h"

MUST_CHECK enum status create_order_text(const struct create_order *o, struct text *out,
					 struct error *e);

#endif
