#include "trust/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#define CONNECTIONS 32 /* at the same time; more have to wait in the kernel's queue */
#define BACKLOG 32
#define STEP_SECONDS 5	 /* without a byte */
#define WHOLE_SECONDS 20 /* for a connection */
#define REQUEST_MAX 16384
#define DRAIN_MAX (256 * 1024)

struct connection {
	struct endpoint *endpoint;
	pthread_t thread;
	int fd; /* -1: free */
	size_t site;
	bool running; /* the thread has to be joined */
	atomic_bool done;
	time_t begun;
};

struct endpoint {
	struct endpoint_order order;
	struct endpoint_site sites[ENDPOINT_SITES];
	SSL_CTX *contexts[ENDPOINT_SITES];
	int listeners[ENDPOINT_SITES], ports[ENDPOINT_SITES];
	int stop; /* eventfd */
	pthread_t thread;
	bool running;
	struct connection connections[CONNECTIONS];
	atomic_bool asked[ENDPOINT_MARKS];
};

int endpoint_port(const struct endpoint *e, size_t site)
{
	return e->ports[site];
}

bool endpoint_was_asked(struct endpoint *e, unsigned mark)
{
	return mark < ENDPOINT_MARKS && atomic_load(&e->asked[mark]);
}

/* --- TLS -------------------------------------------------------------------------------------- */

/* Called in each handshake: the certificate is for the name that was asked for. */
static int choose_certificate(SSL *ssl, void *context)
{
	const struct connection *c = SSL_get_app_data(ssl);
	const struct endpoint *e = c->endpoint;
	const struct endpoint_site *site = &e->sites[c->site];
	const char *host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct error ignored;
	X509 *x = NULL;
	int good;

	(void)context;
	if (shadow_site(site->issuer, e->order.site_key, host ? host : "localhost", site->fault,
			e->order.now, &x, &ignored) != STATUS_OK)
		return 0;
	good = SSL_use_certificate(ssl, x) == 1 && SSL_use_PrivateKey(ssl, e->order.site_key) == 1;
	for (size_t i = 0; i < site->chain_count && good; i++)
		good = SSL_add1_chain_cert(ssl, site->chain[i]) == 1;
	X509_free(x);
	return good;
}

static SSL_CTX *make_context(const struct endpoint_site *site)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context)
		return NULL;
	/* The chain is to be judged by the clients: any signature may be sent. */
	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_cert_cb(context, choose_certificate, NULL);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(context, site->newest) != 1 ||
	    SSL_CTX_set_num_tickets(context, 0) != 1) {
		SSL_CTX_free(context);
		return NULL;
	}
	return context;
}

/* --- one connection --------------------------------------------------------------------------- */

/* "GET /r/17/more HTTP/1.1": 17 is who asks. */
static void note_request(struct endpoint *e, const char *request)
{
	const char *line_end = strchr(request, '\r'), *mark = strstr(request, "/r/");
	char *end;
	unsigned long n;

	if (!mark || !line_end || mark > line_end || mark[3] < '0' || mark[3] > '9')
		return;
	n = strtoul(mark + 3, &end, 10);
	if (n < ENDPOINT_MARKS)
		atomic_store(&e->asked[n], true);
}

static bool in_time(const struct connection *c)
{
	return time(NULL) - c->begun < WHOLE_SECONDS;
}

/* False where no whole head of a request came. */
static bool read_request(const struct connection *c, SSL *ssl, char *request)
{
	size_t have = 0;

	while (have < REQUEST_MAX - 1 && in_time(c)) {
		int n = SSL_read(ssl, request + have, (int)(REQUEST_MAX - 1 - have));

		if (n <= 0)
			return false;
		have += (size_t)n;
		request[have] = '\0';
		if (strstr(request, "\r\n\r\n"))
			return true;
	}
	return false;
}

static void answer(const struct endpoint *e, SSL *ssl, const char *request)
{
	static const char plain[] = "subca rehearsal\n";
	const char *line_end = strchr(request, '\r');
	const char *crl = strstr(request, ".crl ");
	bool wants_crl = crl && crl < line_end;
	struct span body = wants_crl ? e->order.crl : span_text(plain);
	char head[256];

	snprintf(head, sizeof head,
		 "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
		 "Connection: close\r\n\r\n",
		 wants_crl ? "application/pkix-crl" : "text/plain", body.len);
	if (SSL_write(ssl, head, (int)strlen(head)) > 0 && strncmp(request, "HEAD ", 5) != 0)
		(void)!SSL_write(ssl, body.data, (int)body.len);
}

/* A socket that is closed with bytes unread resets the connection, and the answer with it. */
static void drain(const struct connection *c)
{
	char rest[4096];
	size_t most = DRAIN_MAX / sizeof rest;

	shutdown(c->fd, SHUT_WR);
	while (most-- && in_time(c) && read(c->fd, rest, sizeof rest) > 0)
		;
}

static void serve_tls(struct connection *c, SSL *ssl)
{
	char request[REQUEST_MAX];

	if (SSL_accept(ssl) != 1)
		return;
	if (read_request(c, ssl, request)) {
		note_request(c->endpoint, request);
		answer(c->endpoint, ssl, request);
	}
	(void)!SSL_shutdown(ssl);
}

static void *serve(void *context)
{
	struct connection *c = context;
	SSL *ssl = SSL_new(c->endpoint->contexts[c->site]);

	if (ssl && SSL_set_fd(ssl, c->fd) == 1 && SSL_set_app_data(ssl, c) == 1) {
		serve_tls(c, ssl);
		drain(c);
	}
	SSL_free(ssl);
	ERR_clear_error();
	atomic_store(&c->done, true);
	return NULL;
}

/* --- the listeners ---------------------------------------------------------------------------- */

static void reap(struct endpoint *e, bool all)
{
	for (size_t i = 0; i < CONNECTIONS; i++) {
		struct connection *c = &e->connections[i];

		if (!c->running || (!all && !atomic_load(&c->done)))
			continue;
		if (all)
			shutdown(c->fd, SHUT_RDWR);
		pthread_join(c->thread, NULL);
		close(c->fd);
		c->running = false;
	}
}

static struct connection *free_slot(struct endpoint *e)
{
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (!e->connections[i].running)
			return &e->connections[i];
	return NULL;
}

static void take_connection(struct endpoint *e, size_t site, struct connection *c)
{
	const struct timeval step = {.tv_sec = STEP_SECONDS};
	int fd = accept4(e->listeners[site], NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &step, sizeof step);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &step, sizeof step);
	c->endpoint = e;
	c->site = site;
	c->fd = fd;
	c->begun = time(NULL);
	atomic_store(&c->done, false);
	c->running = pthread_create(&c->thread, NULL, serve, c) == 0;
	if (!c->running)
		close(fd);
}

static void *listen_on_all(void *context)
{
	struct endpoint *e = context;
	struct pollfd waiting[ENDPOINT_SITES + 1];

	for (;;) {
		struct connection *slot;

		for (size_t i = 0; i < e->order.count; i++)
			waiting[i] = (struct pollfd){.fd = e->listeners[i], .events = POLLIN};
		waiting[e->order.count] = (struct pollfd){.fd = e->stop, .events = POLLIN};
		/* Now and then, so that threads that are done do not keep their slot. */
		poll(waiting, e->order.count + 1, 200);
		if (waiting[e->order.count].revents)
			break;
		reap(e, false);
		for (size_t i = 0; i < e->order.count; i++)
			if (waiting[i].revents & POLLIN && (slot = free_slot(e)) != NULL)
				take_connection(e, i, slot);
	}
	reap(e, true);
	return NULL;
}

static enum status listen_at(struct endpoint *ep, size_t site, int port, struct error *e)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
	char where[32];

	snprintf(where, sizeof where, "127.0.0.1:%d", port);
	if (fd < 0)
		return error_errno(e, STATUS_SYSTEM, where, NULL, "no socket can be made");
	ep->listeners[site] = fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0)
		return error_errno(e, errno == EADDRINUSE ? STATUS_BUSY : STATUS_SYSTEM, where,
				   "choose another --port, or leave it out",
				   errno == EADDRINUSE ? "the port is taken"
						       : "cannot be listened on");
	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return error_errno(e, STATUS_SYSTEM, where, NULL, "the port is not known");
	ep->ports[site] = ntohs(address.sin_port);
	return STATUS_OK;
}

static enum status open_sites(struct endpoint *ep, struct error *e)
{
	for (size_t i = 0; i < ep->order.count; i++) {
		int port = ep->order.port ? ep->order.port + (int)i : 0;

		ep->contexts[i] = make_context(&ep->sites[i]);
		if (!ep->contexts[i])
			return error_openssl(e, STATUS_SYSTEM, NULL, NULL, "TLS cannot be set up");
		if (listen_at(ep, i, port, e) != STATUS_OK)
			return error_status(e);
	}
	return STATUS_OK;
}

/* Its threads take no signals: a client that leaves must not end us. */
static enum status start_thread(struct endpoint *ep, struct error *e)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ep->running = pthread_create(&ep->thread, NULL, listen_on_all, ep) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ep->running ? STATUS_OK
			   : error_set(e, STATUS_SYSTEM, NULL, NULL, "no thread can be started");
}

enum status endpoint_start(const struct endpoint_order *order, struct endpoint **out,
			   struct error *e)
{
	struct endpoint *ep = calloc(1, sizeof *ep);
	enum status s;

	if (!ep)
		return error_memory(e);
	ep->order = *order;
	memcpy(ep->sites, order->sites, order->count * sizeof *order->sites);
	for (size_t i = 0; i < ENDPOINT_SITES; i++)
		ep->listeners[i] = -1;
	ep->stop = eventfd(0, EFD_CLOEXEC);
	s = ep->stop < 0 ? error_errno(e, STATUS_SYSTEM, NULL, NULL, "no event can be made")
			 : open_sites(ep, e);
	if (s == STATUS_OK)
		s = start_thread(ep, e);
	if (s != STATUS_OK) {
		endpoint_stop(ep);
		return s;
	}
	*out = ep;
	return STATUS_OK;
}

void endpoint_stop(struct endpoint *e)
{
	if (!e)
		return;
	if (e->running) {
		(void)!eventfd_write(e->stop, 1);
		pthread_join(e->thread, NULL);
	}
	for (size_t i = 0; i < ENDPOINT_SITES; i++) {
		SSL_CTX_free(e->contexts[i]);
		if (e->listeners[i] >= 0)
			close(e->listeners[i]);
	}
	if (e->stop >= 0)
		close(e->stop);
	free(e);
}
