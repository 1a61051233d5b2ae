/*
 * Stands in for libFuzzer's main(): feeds each file of the folders named on the command line to one
 * fuzzer's entry point, so that a stored corpus runs under any compiler's sanitizers.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (4u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int complain(const char *path)
{
	fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
	return -1;
}

static int replay_file(const char *path)
{
	FILE *in = fopen(path, "rb");
	uint8_t *data = NULL, *exact = NULL;
	size_t size = 0;
	int result = -1;

	if (!in || !(data = malloc(INPUT_MAX))) {
		complain(path);
		goto out;
	}
	size = fread(data, 1, INPUT_MAX, in);
	if (ferror(in)) {
		complain(path);
		goto out;
	}
	/* Of exactly this size, so that a sanitizer sees the first byte read past it. */
	exact = malloc(size ? size : 1);
	if (!exact) {
		complain(path);
		goto out;
	}
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	result = 0;
out:
	free(exact);
	free(data);
	if (in)
		fclose(in);
	return result;
}

static int replay_folder(const char *folder, unsigned *count)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[4096];
	int result = 0;

	if (!dir)
		return complain(folder);
	while (result == 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		result = replay_file(path);
		++*count;
	}
	closedir(dir);
	return result;
}

int main(int argc, char **argv)
{
	unsigned count = 0;

	for (int i = 1; i < argc; i++) {
		if (replay_folder(argv[i], &count) != 0)
			return 1;
	}
	printf("replay: %u inputs\n", count);
	return count ? 0 : 1;
}
