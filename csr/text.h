/*
 * Text as people hand it in, made plain before it is read as PEM: out of a mail, a Windows editor,
 * or the JSON answer of a portal's interface.
 */
#ifndef SUBCA_CSR_TEXT_H
#define SUBCA_CSR_TEXT_H

#include "base/bytes.h"

/*
 * The same text in which each PEM line stands on a line of its own. UTF-16 of either order (with or
 * without a byte order mark) becomes ASCII, quotes end a line, JSON's escapes are resolved (RFC 8259
 * 7; also escaped twice), and blanks and mail's ">" before a line are gone. All else is left, so that
 * damage is still seen. STATUS_INPUT for UTF-16 cut short.
 * It may hold a private key: csr_text_free() cleanses.
 */
MUST_CHECK enum status csr_text_plain(struct span input, struct bytes *plain, struct error *e);
void csr_text_free(struct bytes *plain);

/*
 * The bytes that base64 without BEGIN and END lines stands for; freed with csr_text_free(). Blanks
 * and line ends are skipped. Left empty, and STATUS_OK, where plain is anything else.
 */
MUST_CHECK enum status csr_text_base64(struct span plain, struct bytes *out, struct error *e);

#endif
