/*
 * The reader of index.txt over any bytes. What it takes must be what the store can hold, and what it
 * refuses must be named.
 */
#include <string.h>

#include "base/datetime.h"
#include "ca/import_index.h"
#include "ca/store_serial.h"
#include "tests/fuzz/fuzz.h"

static enum status judge_row(void *context, const struct index_row *row, struct error *e)
{
	int64_t *last = context;
	bool revoked = row->state == INDEX_REVOKED;

	promise(row->line > *last);
	*last = row->line;
	promise(row->not_after > DATETIME_MIN && row->not_after <= DATETIME_MAX);
	promise(row->serial_len <= SERIAL_MAX);
	promise(row->serial_len == 0 ||
		serial_check((struct span){row->serial, row->serial_len}, e) == STATUS_OK);
	promise(revoked || (row->revoked_at == 0 && row->reason == REASON_NONE));
	promise(row->reason == REASON_NONE || index_reason_name(row->reason));
	promise(strlen(row->subject) <= INDEX_LINE_MAX && strlen(row->file) <= INDEX_LINE_MAX);
	return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *from = size ? fmemopen((void *)data, size, "r") : NULL;
	unsigned char number[SERIAL_MAX];
	struct findings f = {0};
	struct error e = {0};
	struct index_total total;
	int64_t last = 0;
	size_t len;

	if (from) {
		promise(index_read(from, judge_row, &last, &total, &f, &e) == STATUS_OK);
		promise((total.faults > 0) == (f.count > 0) && f.count <= INDEX_FAULTS_MAX);
		fclose(from);
	}
	if (index_number_read((struct span){data, size}, number, &len, &e) == STATUS_OK)
		promise(len <= SERIAL_MAX);
	findings_free(&f);
	return 0;
}
