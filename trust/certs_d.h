/*
 * The folder in which Docker's daemon keeps what it is told of single registries: one folder for each
 * HOST or HOST:PORT, in it CAs as .crt, and a client's certificate and key as NAME.cert and NAME.key.
 */
#ifndef SUBCA_TRUST_CERTS_D_H
#define SUBCA_TRUST_CERTS_D_H

#include "base/finding.h"
#include "trust/anchor_store.h"

#define CERTS_D_FOLDER "/etc/docker/certs.d"

/*
 * Findings: docker_not_read, docker_pair, docker_no_certificate, docker_no_root. *registries counts
 * the folders, and *with_root those that hold the root; no folder at all is none.
 */
MUST_CHECK enum status certs_d_check(const char *folder, const struct anchor_search *search,
				     size_t *registries, size_t *with_root,
				     struct findings *findings, struct error *e);

#endif
