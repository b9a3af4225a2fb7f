// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Overrides come before the library in the search for symbols: the program starts itself anew with
 * them in LD_PRELOAD. VMSIM_OVERRIDE says that this has been done, and with what.
 */

#define LOADED "VMSIM_OVERRIDE"

static struct {
	int argc;
	char **argv;
} started;

void cli_remember_arguments(int argc, char **argv)
{
	started.argc = argc;
	started.argv = calloc((size_t)argc + 1, sizeof(*started.argv));
	if (!started.argv)
		exit(CLI_FAILED);
	memcpy(started.argv, argv, (size_t)argc * sizeof(*argv));
}

/* Functions that may be replaced are the weak ones of the library. */
bool cli_is_replaceable(const char *name)
{
	void *function = dlsym(RTLD_DEFAULT, name);
	const ElfW(Sym) *symbol = NULL;
	Dl_info library, found;

	return function && dladdr((void *)(uintptr_t)vmsim_version, &library) &&
	       dladdr1(function, &found, (void **)&symbol, RTLD_DL_SYMENT) &&
	       found.dli_fbase == library.dli_fbase && symbol &&
	       ELF64_ST_BIND(symbol->st_info) == STB_WEAK;
}

/* What instrumented objects need: their runtime. NULL: they have no place here. */
static const char *instrumented;

/* In a process of its own: what the object does when it is loaded is its affair. */
static void try_load(const char *path, int out)
{
	const char *what;

	if (instrumented)
		dlopen(instrumented, RTLD_NOW | RTLD_GLOBAL);
	if (dlopen(path, RTLD_NOW | RTLD_LOCAL))
		_exit(0);
	what = dlerror();
	if (what && write(out, what, strlen(what)) < 0)
		_exit(2);
	_exit(1);
}

/* What the child wrote, and how it ended. */
static bool child_loaded(pid_t child, int in, const char *path, char *what, size_t size)
{
	size_t length = 0;
	ssize_t got;
	int status;

	while (length + 1 < size && (got = read(in, what + length, size - 1 - length)) > 0)
		length += (size_t)got;
	what[length] = '\0';
	if (waitpid(child, &status, 0) < 0 || WIFSIGNALED(status)) {
		snprintf(what, size, "crashes when it is loaded");
		return false;
	}
	/* The loader begins with the path, as the caller does. */
	if (!strncmp(what, path, strlen(path)) && !strncmp(what + strlen(path), ": ", 2))
		memmove(what, what + strlen(path) + 2, strlen(what + strlen(path) + 2) + 1);
	return WEXITSTATUS(status) == 0;
}

static bool can_be_loaded(const char *path, char *what, size_t size)
{
	int pipe_ends[2];
	pid_t child;
	bool ok;

	if (pipe(pipe_ends)) {
		snprintf(what, size, "%s", strerror(errno));
		return false;
	}
	fflush(NULL);
	child = fork();
	if (child == 0) {
		close(pipe_ends[0]);
		try_load(path, pipe_ends[1]);
	}
	close(pipe_ends[1]);
	ok = child > 0 && child_loaded(child, pipe_ends[0], path, what, size);
	close(pipe_ends[0]);
	return ok;
}

char *cli_checked_override(const char *path)
{
	char *absolute = realpath(path, NULL);
	char what[512] = "";

	if (!absolute)
		cli_bad_usage("%s: %s", path, strerror(errno));
	if (absolute[strcspn(absolute, " :")])
		cli_bad_usage("%s: the path must have no blanks and no colons", path);
	if (!cli_override_check(absolute, cli_is_replaceable, what, sizeof(what)))
		cli_bad_usage("%s: %s", path, what);
	if (!can_be_loaded(absolute, what, sizeof(what)))
		cli_bad_usage("%s: %s", path, what);
	return absolute;
}

/* @before and @after with @between between them, as far as they are not empty. From malloc(). */
static char *join(const char *before, const char *between, const char *after)
{
	bool both = before && *before && after && *after;
	char *text;

	if (asprintf(&text, "%s%s%s", before ? before : "", both ? between : "",
		     after ? after : "") < 0)
		exit(CLI_FAILED);
	return text;
}

static void execute_anew(void)
{
	execv("/proc/self/exe", started.argv);
	cli_complain("cannot start anew: %s", strerror(errno));
	exit(CLI_FAILED);
}

void cli_fix_addresses(void)
{
	int now = personality(0xffffffff);

	if (now >= 0 && now & ADDR_NO_RANDOMIZE)
		return;
	if (now < 0 || personality((unsigned int)now | ADDR_NO_RANDOMIZE) < 0) {
		cli_complain("searches cannot be saved where addresses are random: %s",
			     strerror(errno));
		exit(CLI_FAILED);
	}
	/* The loader leaves something on the stack of whoever is the first to call a function. */
	setenv("LD_BIND_NOW", "1", 1);
	execute_anew();
}

static void start_anew(const char *list)
{
	setenv(LOADED, list, 1);
	setenv("LD_PRELOAD", join(list, ":", getenv("LD_PRELOAD")), 1);
	/* The runtime of AddressSanitizer wants to be first, and need not. */
	setenv("ASAN_OPTIONS", join(getenv("ASAN_OPTIONS"), ":", "verify_asan_link_order=0"), 1);
	execute_anew();
}

static void expect_loaded(const char *list)
{
	char *copy = strdup(list), *rest = copy, *path;

	while (copy && (path = strsep(&rest, ":"))) {
		if (!dlopen(path, RTLD_LAZY | RTLD_NOLOAD)) {
			cli_complain("%s: was not loaded", path);
			exit(CLI_FAILED);
		}
	}
	free(copy);
}

static char *absolute_list(const char *const *paths, char *(*resolve)(const char *path))
{
	char *list = strdup("");

	for (size_t i = 0; paths[i]; i++) {
		char *path = resolve(paths[i]);
		char *longer = join(list, ":", path ? path : "?");

		free(path);
		free(list);
		list = longer;
	}
	return list;
}

static char *plain_path(const char *path)
{
	return realpath(path, NULL);
}

void cli_load_overrides(const char *const *paths)
{
	const char *loaded = getenv(LOADED);
	char *list = absolute_list(paths, plain_path);

	if (loaded && !strcmp(loaded, list)) {
		expect_loaded(list);
		free(list);
		return;
	}
	free(list);
	start_anew(absolute_list(paths, cli_checked_override));
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

const char *cli_folder(const char *variable, const char *built, const char *installed)
{
	static char folder[PATH_MAX];
	const char *given = getenv(variable);
	ssize_t length;
	char *slash;

	if (given)
		return given;
	length = readlink("/proc/self/exe", folder, sizeof(folder) - 32);
	if (length > 0) {
		folder[length] = '\0';
		slash = strrchr(folder, '/');
		snprintf(slash ? slash : folder, 32, "/../%s", built);
		if (exists(folder))
			return folder;
	}
	return installed;
}

const char *cli_variant_path(const struct vmsim_scenario *scenario,
			     const struct vmsim_variant *variant,
			     enum vmsim_granularity granularity)
{
	static char path[PATH_MAX + 256];

	snprintf(path, sizeof(path), "%s/%s/%s%s.so",
		 cli_folder("VMSIM_SCENARIO_DIR", "scenarios", VMSIM_INSTALLED_SCENARIOS),
		 scenario->name, granularity == VMSIM_GRANULARITY_FULL ? "full-" : "",
		 variant->name);
	return path;
}

const char *cli_full_library(void)
{
	static char path[PATH_MAX];
	char *slash;
	Dl_info library;

	/* Beside the library that is used now. */
	if (!dladdr((void *)(uintptr_t)vmsim_version, &library) ||
	    !realpath(library.dli_fname, path))
		cli_bad_usage("--granularity full: cannot tell where the library is");
	slash = strrchr(path, '/');
	snprintf(slash, (size_t)(path + sizeof(path) - slash), "/libvmsim-full.so.0");
	if (!exists(path))
		cli_bad_usage("--granularity full: %s is not there (docs/full.md)", path);
	instrumented = path;
	return path;
}
