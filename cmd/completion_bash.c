#include <stdio.h>

#include "cmd/command.h"
#include "cmd/completion.h"

/* What to offer, as one word for _subca_offer, then the words of its own. */
static void print_kind(enum completion complete, const char *const *words)
{
	static const char *const kinds[] = {"none", "file", "dir", "profile", "words", "command"};

	printf("'%s", kinds[complete]);
	for (size_t i = 0; words && words[i]; i++)
		printf(" %s", words[i]);
	putchar('\'');
}

static void print_arguments(const char *command, const struct option_spec *list)
{
	for (; list->name; list++) {
		if (!list->argument)
			continue;
		printf("\t%s:--%s", command, list->name);
		if (list->letter)
			printf(" | %s:-%c", command, list->letter);
		fputs(") REPLY=", stdout);
		print_kind(list->complete, list->words);
		puts(" ;;");
	}
}

static void print_names(const struct option_spec *list)
{
	for (; list->name; list++) {
		printf(" --%s", list->name);
		if (list->letter)
			printf(" -%c", list->letter);
	}
}

static void print_commands(void)
{
	size_t count;
	const struct command *const *table = commands(&count);

	for (size_t i = 0; i < count; i++)
		printf("%s%s", i ? " " : "", table[i]->name);
}

/* The three tables: values of options, names of options, operands by place. */
static void print_tables(void)
{
	size_t count;
	const struct command *const *table = commands(&count);

	puts("_subca_value() {\n\tREPLY=\n\tcase $1:$2 in");
	print_arguments("*", options_common);
	for (size_t i = 0; i < count; i++)
		for (size_t l = 0; table[i]->options[l]; l++)
			print_arguments(table[i]->name, table[i]->options[l]);
	puts("\tesac\n}\n\n_subca_options() {\n\tcase $1 in");
	for (size_t i = 0; i < count; i++) {
		printf("\t%s) REPLY='", table[i]->name);
		for (size_t l = 0; table[i]->options[l]; l++)
			print_names(table[i]->options[l]);
		puts("' ;;");
	}
	fputs("\t*) REPLY='--version -V' ;;\n\tesac\n\tREPLY+='", stdout);
	print_names(options_common);
	puts("'\n}\n\n_subca_operand() {\n\tREPLY=none\n\tcase $1:$2 in");
	for (size_t i = 0; i < count; i++) {
		for (size_t o = 0; o < COMMAND_OPERANDS && table[i]->operands[o].name; o++) {
			printf("\t%s:%zu) REPLY=", table[i]->name, o);
			print_kind(table[i]->operands[o].complete, table[i]->operands[o].words);
			puts(" ;;");
		}
	}
	puts("\tesac\n}\n");
}

/*
 * Words are cut at spaces from the line itself: bash would cut at "=" and ":" too, and replaces
 * only what stands behind them, so that much of each offer is taken off again.
 */
static const char script[] =
	"_subca_offer() {\n"
	"\tlocal kind=${1%% *} words= cur=$2 prefix= i\n"
	"\t[[ $1 == *' '* ]] && words=${1#* }\n"
	"\tcase $kind in\n"
	"\tfile) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
	"\tdir) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
	"\tesac\n"
	"\t[[ $kind == profile ]] && words+=\" $(\"$subca\" ${dir:+-C \"$dir\"} profile list --quiet 2>/dev/null)\"\n"
	"\t[[ $kind == command ]] && words+=\" $_subca_commands\"\n"
	"\twhile read -r i; do COMPREPLY+=(\"$i\"); done < <(compgen -W \"$words\" -- \"$cur\")\n"
	"\t[[ $cur == *:* && $COMP_WORDBREAKS == *:* ]] && prefix=${cur%\"${cur##*:}\"}\n"
	"\tfor i in \"${!COMPREPLY[@]}\"; do COMPREPLY[i]=${COMPREPLY[i]#\"$prefix\"}; done\n"
	"}\n\n"
	"_subca() {\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} words cur= word command= pending= ended= dir= REPLY\n"
	"\tlocal operands=0 subca\n"
	"\tCOMPREPLY=()\n"
	"\tread -ra words <<<\"$line\"\n"
	"\tsubca=${words[0]}\n"
	"\tif [[ $line != *[[:space:]] ]]; then cur=${words[-1]}; unset 'words[-1]'; fi\n"
	"\tfor word in \"${words[@]:1}\"; do\n"
	"\t\tif [[ $pending ]]; then\n"
	"\t\t\t[[ $pending == -C || $pending == --directory ]] && dir=$word\n"
	"\t\t\tpending=\n"
	"\t\telif [[ $word == -- && ! $ended ]]; then ended=1\n"
	"\t\telif [[ $word == -?* && ! $ended ]]; then\n"
	"\t\t\t_subca_value \"$command\" \"$word\"\n"
	"\t\t\t[[ $REPLY ]] && pending=$word\n"
	"\t\telif [[ ! $command ]]; then command=$word\n"
	"\t\telse ((operands += 1)); fi\n"
	"\tdone\n"
	"\tif [[ $pending ]]; then\n"
	"\t\t_subca_value \"$command\" \"$pending\"\n"
	"\t\t_subca_offer \"$REPLY\" \"$cur\"\n"
	"\telif [[ $cur == --*=* && ! $ended ]]; then\n"
	"\t\t_subca_value \"$command\" \"${cur%%=*}\"\n"
	"\t\t_subca_offer \"$REPLY\" \"${cur#*=}\"\n"
	"\telif [[ $cur == -* && ! $ended ]]; then\n"
	"\t\t_subca_options \"$command\"\n"
	"\t\t_subca_offer \"words $REPLY\" \"$cur\"\n"
	"\telif [[ ! $command ]]; then _subca_offer command \"$cur\"\n"
	"\telse\n"
	"\t\t_subca_operand \"$command\" \"$operands\"\n"
	"\t\t_subca_offer \"$REPLY\" \"$cur\"\n"
	"\tfi\n"
	"}\n"
	"complete -F _subca subca\n";

void completion_bash(void)
{
	puts("# bash completion for subca, made by: subca completion bash\n");
	fputs("_subca_commands='", stdout);
	print_commands();
	puts("'\n");
	print_tables();
	fputs(script, stdout);
}
