#include "ca/backup_manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/json.h"

void backup_manifest_free(struct backup_manifest *m)
{
	free(m->subject);
	*m = (struct backup_manifest){0};
}

enum status manifest_write(const struct backup_manifest *m, struct text *out, struct error *e)
{
	char time[DATETIME_SIZE], certificate[2 * SHA256_SIZE + 1], head[2 * SHA256_SIZE + 1];
	enum status s;
	json_t *o;

	datetime_format(m->time, time);
	hex_encode((struct span){m->certificate_sha256, SHA256_SIZE}, certificate);
	hex_encode((struct span){m->journal_hash, SHA256_SIZE}, head);
	o = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:I, s:b, s:I}", "format", BACKUP_FORMAT,
		      "time", time, "subject", m->subject, "certificate_sha256", certificate,
		      "journal_row", (json_int_t)m->journal_seq, "journal_hash", head, "crl_number",
		      (json_int_t)m->crl_number, "keys", m->keys, "files", (json_int_t)m->files);
	s = json_text(o, JSON_INDENT(2), out, e);
	json_decref(o);
	text_add(out, "\n");
	return s == STATUS_OK ? text_check(out, e) : s;
}

static bool read_hash(const char *hex, unsigned char out[SHA256_SIZE])
{
	struct bytes hash = {0};
	struct error ignored;
	bool good = hex_decode(hex, &hash, &ignored) == STATUS_OK && hash.len == SHA256_SIZE;

	if (good)
		memcpy(out, hash.data, SHA256_SIZE);
	bytes_free(&hash);
	return good;
}

enum status manifest_read(struct span json, struct backup_manifest *out, struct error *e)
{
	const char *format = "", *time = "", *subject = "", *certificate = "", *head = "";
	json_int_t seq = 0, crl = 0, files = 0;
	struct error ignored;
	int keys = 0;
	json_t *o = json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, NULL);
	bool good = o &&
		    json_unpack(o, "{s:s, s:s, s:s, s:s, s:I, s:s, s:I, s:b, s:I}", "format",
				&format, "time", &time, "subject", &subject, "certificate_sha256",
				&certificate, "journal_row", &seq, "journal_hash", &head,
				"crl_number", &crl, "keys", &keys, "files", &files) == 0 &&
		    strcmp(format, BACKUP_FORMAT) == 0 &&
		    datetime_parse(time, &out->time, &ignored) == STATUS_OK &&
		    read_hash(certificate, out->certificate_sha256) &&
		    read_hash(head, out->journal_hash) && seq > 0;

	if (good) {
		out->subject = strdup(subject);
		out->journal_seq = seq;
		out->crl_number = crl;
		out->keys = keys;
		out->files = files;
	}
	json_decref(o);
	if (!good)
		return error_set(e, STATUS_INPUT, NULL, "use a file that 'subca backup' made",
				 "does not say what it is a backup of");
	return out->subject ? STATUS_OK : error_memory(e);
}
