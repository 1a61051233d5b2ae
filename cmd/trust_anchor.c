#include "cmd/trust_anchor.h"

#include "base/datetime.h"
#include "base/file.h"
#include "ca/authority.h"

/* The certificate named, else the root of the CA in the folder. */
static enum status read_anchor(const struct invocation *in, struct bundle *b,
			       struct findings *findings, struct error *e)
{
	const struct options *o = &in->options;
	struct authority *a = NULL;
	struct bytes input = {0};
	struct span chain[CHAIN_MAX];
	size_t count;
	enum status s;

	if (o->operand_count > 1) {
		s = file_read(o->operands[1], BUNDLE_INPUT_MAX, &input, e);
		if (s == STATUS_OK)
			s = bundle_read(b, span_of(&input), o->operands[1], true, findings, e);
		bytes_free(&input);
		return s;
	}
	s = authority_open(in->directory, STORE_READ, &a, e);
	if (s == STATUS_OK) {
		count = authority_chain(a, chain);
		s = bundle_read(b, chain[count - 1], in->directory, true, findings, e);
	}
	authority_free(a);
	return s;
}

static enum status judge(const struct invocation *in, struct bundle *b, bool judged,
			 struct findings *findings, struct error *e)
{
	int64_t now;

	if (b->count != 1)
		return error_set(e, STATUS_INPUT, in->options.operands[1], "name one root",
				 "holds %zu certificates", b->count);
	if (!judged)
		return STATUS_OK;
	if (datetime_now(&now, e) != STATUS_OK || bundle_judge(b, now, findings, e) != STATUS_OK)
		return error_status(e);
	if (!findings_count(findings, SEVERITY_WARNING))
		return STATUS_OK;
	return error_set(e, STATUS_REFUSED, b->items[0].subject, "name the root of its chain",
			 "is no trust anchor");
}

enum status trust_anchor_read(const struct invocation *in, bool judged, struct bundle *b,
			      struct findings *findings, struct error *e)
{
	enum status s = read_anchor(in, b, findings, e);

	return s == STATUS_OK ? judge(in, b, judged, findings, e) : s;
}
