// SPDX-License-Identifier: GPL-2.0-only
#include "trace/lines.h"
#include "trace/memory_state.h"
#include "trace/record.h"
#include "trace/relevant.h"
#include "trace/timeline.h"
#include <linux/mm.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

/*
 * Makes lines of events. What a reader needs are the functions that were called, what programs did,
 * and what memory was then; the primitives between say so by what they change.
 */

#define NO_THREAD (-3)

/* What was said last about a thread, so that it is not said again. */
struct said {
	const char *outer, *inner;
	size_t syscall;			/* index of its event, plus one; 0: said, or none */
	size_t irq;
};

struct builder {
	struct timeline *timeline;
	struct relevant relevant;
	struct memory_state now, shown;	/* @shown: as the lines so far say */
	struct said said[VMSIM_MAX_THREADS + 2];
	int on_cpu[VMSIM_MAX_CPUS];	/* the thread whose lines a column had last */
	size_t event;			/* told of last */
	int thread;			/* of that event */
	bool full;
};

const char *timeline_thread(const struct timeline *timeline, int thread)
{
	if (thread >= 0 && thread < (int)timeline->scenario->nr_threads)
		return timeline->scenario->threads[thread].name;
	return thread == (int)timeline->scenario->nr_threads ? "Rcu" : "interrupt";
}

unsigned int timeline_cpu(const struct timeline *timeline, int thread)
{
	if (timeline->result->schedule.tlb == VMSIM_TLB_UP || thread < 0 ||
	    thread >= (int)timeline->scenario->nr_threads)
		return 0;
	return timeline->scenario->threads[thread].cpu;
}

/* The column of a CPU, made if need be; they are put in order in the end. */
static unsigned int column_of(struct timeline *timeline, unsigned int cpu)
{
	unsigned int i = 0;

	while (i < timeline->nr_columns && timeline->cpu[i] != cpu)
		i++;
	if (i == timeline->nr_columns && i < VMSIM_MAX_THREADS)
		timeline->cpu[timeline->nr_columns++] = cpu;
	return i < VMSIM_MAX_THREADS ? i : 0;
}

static struct said *said_of(struct builder *builder, int thread)
{
	return &builder->said[thread >= 0 ? (unsigned int)thread % (VMSIM_MAX_THREADS + 1) :
					    VMSIM_MAX_THREADS + 1];
}

static const struct vmsim_event *told(const struct builder *builder)
{
	return &builder->timeline->result->events[builder->event];
}

static unsigned int cpu_of(const struct builder *builder)
{
	const struct vmsim_event *event = told(builder);

	return event->tid < 0 ? (unsigned int)event->cpu
			      : timeline_cpu(builder->timeline, event->tid);
}

static struct line *add_line(struct builder *builder, enum line_kind kind)
{
	struct timeline *timeline = builder->timeline;
	struct line_list *lines = &timeline->lines;
	const struct vmsim_origin *origins = timeline->result->origins;

	lines->line = realloc(lines->line, (lines->n + 1) * sizeof(*lines->line));
	if (!lines->line)
		abort();
	lines->line[lines->n] = (struct line) {
		.kind = kind,
		.column = column_of(timeline, cpu_of(builder)),
		.thread = told(builder)->tid,
		.step = origins ? origins[builder->event].step : 0,
	};
	return &lines->line[lines->n++];
}

static struct line * __attribute__((format(printf, 3, 4)))
say(struct builder *builder, enum line_kind kind, const char *format, ...)
{
	struct line *line = add_line(builder, kind);
	va_list args;

	va_start(args, format);
	if (vasprintf(&line->text, format, args) < 0)
		abort();
	va_end(args);
	return line;
}

/* A CPU that goes on with another thread than the one its column showed. */
static void say_thread(struct builder *builder)
{
	int *shown = &builder->on_cpu[cpu_of(builder) % VMSIM_MAX_CPUS];
	int thread = told(builder)->tid;

	if (thread < 0 || *shown == thread)
		return;
	if (*shown != NO_THREAD)
		say(builder, LINE_THREAD, "%s:", timeline_thread(builder->timeline, thread));
	*shown = thread;
}

static struct call_path path_of(const struct builder *builder)
{
	const struct vmsim_result *result = builder->timeline->result;
	uint32_t stack = result->origins ? result->origins[builder->event].stack : 0;

	if (stack >= result->nr_stacks)
		return (struct call_path) { 0 };
	return symbols_path(builder->timeline->symbols, &result->stacks[stack],
			    told(builder)->ip);
}

static bool differs(const char *a, const char *b)
{
	return a && (!b || strcmp(a, b));
}

static bool is_news(struct builder *builder, const struct call_path *path)
{
	const struct said *said = said_of(builder, told(builder)->tid);

	return said->syscall || said->irq || differs(path->outer, said->outer) ||
	       differs(path->inner, said->inner);
}

/* The functions on the way to an event, as far as they are news. */
static void say_path(struct builder *builder, const struct call_path *path)
{
	struct said *said = said_of(builder, told(builder)->tid);

	if (differs(path->outer, said->outer)) {
		say(builder, LINE_CALL, "%s()", path->outer);
		said->inner = path->outer;
	}
	if (differs(path->inner, said->inner) && differs(path->inner, path->outer))
		say(builder, LINE_CALL, "-> %s()", path->inner);
	said->outer = path->outer;
	said->inner = path->inner;
}

static void describe_line(struct builder *builder, enum line_kind kind, size_t event)
{
	const struct vmsim_event *what = &builder->timeline->result->events[event];
	char text[256];

	vmsim_event_describe(what, text, sizeof(text));
	say(builder, kind, "%s", text);
}

/* Of a system call, or an interrupt, is told when something in it is. */
static void say_context(struct builder *builder)
{
	struct said *said = said_of(builder, told(builder)->tid);

	say_thread(builder);
	if (said->irq) {
		describe_line(builder, LINE_IRQ, said->irq - 1);
		said->irq = 0;
	}
	if (said->syscall) {
		describe_line(builder, LINE_CALL, said->syscall - 1);
		said->syscall = 0;
		said->outer = said->inner = NULL;
	}
}

static void say_state(struct builder *builder, const struct page_state *page, const char *words)
{
	if (page && builder->relevant.nr_pages > 1)
		say(builder, LINE_STATE, "[ 0x%" PRIx64 ": %s ]", page->va, words);
	else
		say(builder, LINE_STATE, "[ %s ]", words);
}

static void say_page(struct builder *builder, const struct page_state *page)
{
	const struct page_state *shown = memory_state_page(&builder->shown, page->pid, page->va);
	static const struct page_state nothing;
	char is[STATE_WORDS], was[STATE_WORDS];

	shown = shown ? shown : &nothing;
	pte_words(page, is, sizeof(is));
	pte_words(shown, was, sizeof(was));
	if (strcmp(is, was))
		say_state(builder, page, is);
	for (unsigned int cpu = 0; cpu < VMSIM_MAX_CPUS; cpu++) {
		tlb_words(page, cpu, is, sizeof(is));
		tlb_words(shown, cpu, was, sizeof(was));
		if (strcmp(is, was))
			say_state(builder, page, is);
	}
}

static void say_frame(struct builder *builder, const struct frame_state *frame)
{
	const struct frame_state *shown = memory_state_frame(&builder->shown, frame->pfn);
	char is[STATE_WORDS], was[STATE_WORDS] = "";

	frame_words(frame, is, sizeof(is));
	if (shown)
		frame_words(shown, was, sizeof(was));
	if (strcmp(is, was))
		say_state(builder, NULL, is);
}

/* What the lines so far leave unsaid about memory. */
static void say_changes(struct builder *builder)
{
	for (size_t i = 0; i < builder->now.nr_pages; i++) {
		const struct page_state *page = &builder->now.pages[i];

		if (is_relevant_page(&builder->relevant, page->pid, page->va))
			say_page(builder, page);
	}
	for (size_t i = 0; i < builder->now.nr_frames; i++)
		if (is_relevant_frame(&builder->relevant, builder->now.frames[i].pfn))
			say_frame(builder, &builder->now.frames[i]);
	memory_state_copy(&builder->shown, &builder->now);
}

static unsigned int mark_of(const struct builder *builder, size_t event)
{
	for (unsigned int i = 0; i < 2; i++)
		if (builder->timeline->marked[i].found &&
		    builder->timeline->marked[i].event == event)
			return i + 1;
	return 0;
}

/* Whether the function that raised an event says more than its words do. */
static bool has_path(const struct vmsim_event *event)
{
	switch (event->kind) {
	case VMSIM_EV_POINT:
	case VMSIM_EV_LOCK:
	case VMSIM_EV_UNLOCK:
	case VMSIM_EV_PTL_LOCK:
	case VMSIM_EV_PTL_UNLOCK:
	case VMSIM_EV_FLUSH_BEGIN:
	case VMSIM_EV_FLUSH_END:
	case VMSIM_EV_FAULT_KIND:
		return false;
	default:
		return true;
	}
}

/* Events that change nothing, or what another one has told of. */
static bool is_idle(const struct vmsim_event *event)
{
	return event->kind == VMSIM_EV_MAP_ZERO ||
	       (event->kind == VMSIM_EV_FOLIO_DIRTY && event->arg[1]) ||
	       (event->kind == VMSIM_EV_FOLIO_CLEAN && !event->arg[1]);
}

/* Events that say more than the change of state that they make. */
static enum line_kind kind_of_line(const struct vmsim_event *event)
{
	switch (event->kind) {
	case VMSIM_EV_POINT:
		return LINE_POINT;
	case VMSIM_EV_LOAD:
	case VMSIM_EV_STORE:
	case VMSIM_EV_FLUSH_BEGIN:
	case VMSIM_EV_FLUSH_END:
	case VMSIM_EV_STORE_READ:
	case VMSIM_EV_STORE_WRITE:
	case VMSIM_EV_CACHE_REMOVE:
	case VMSIM_EV_VCPU:
	case VMSIM_EV_LOCK:
	case VMSIM_EV_UNLOCK:
	case VMSIM_EV_PTL_LOCK:
	case VMSIM_EV_PTL_UNLOCK:
		return LINE_CALL;
	case VMSIM_EV_FAULT_KIND:
		return LINE_EVENT;
	default:
		return LINE_STATE;
	}
}

/* The event itself, unless the same was said right before, as by a loop that retries. */
static void say_event(struct builder *builder, enum line_kind kind, unsigned int mark)
{
	const struct line_list *lines = &builder->timeline->lines;
	struct line *line;
	char text[256];

	vmsim_event_describe(told(builder), text, sizeof(text));
	line = lines->n ? &lines->line[lines->n - 1] : NULL;
	if (!mark && line && line->thread == told(builder)->tid && !strcmp(line->text, text))
		return;
	line = say(builder, kind, "%s", text);
	line->mark = mark;
}

/* The place of what @path says was called: "zap_pte_range(), mm/zap.c:26". */
static void find_place(const struct builder *builder, const struct call_path *path, char *place,
		       size_t size)
{
	struct symbols *symbols = builder->timeline->symbols;
	const char *name = path->ip ? symbol_name(symbols, path->ip) : NULL;
	char line[64] = "";

	place[0] = '\0';
	if (!name)
		return;
	symbol_place(symbols, path->ip, line, sizeof(line));
	snprintf(place, size, "%s()%s%s", name, line[0] ? ", " : "", line);
}

static void tell(struct builder *builder)
{
	enum line_kind kind = kind_of_line(told(builder));
	struct call_path path = path_of(builder);
	unsigned int mark = mark_of(builder, builder->event);
	struct line_list *lines = &builder->timeline->lines;
	size_t before;

	if (kind != LINE_STATE || mark || is_news(builder, &path))
		say_changes(builder);
	say_context(builder);
	if (has_path(told(builder)))
		say_path(builder, &path);
	before = lines->n;
	if (mark || kind != LINE_STATE)
		say_event(builder, kind == LINE_STATE ? LINE_EVENT : kind, mark);
	if (before < lines->n)
		find_place(builder, &path, lines->line[before].place,
			   sizeof(lines->line[before].place));
}

/* Everything, as it comes. */
static void tell_fully(struct builder *builder)
{
	struct call_path path = path_of(builder);
	struct line *line;
	char text[256];

	say_thread(builder);
	vmsim_event_describe(told(builder), text, sizeof(text));
	line = say(builder, LINE_EVENT, "%s", text);
	line->mark = mark_of(builder, builder->event);
	find_place(builder, &path, line->place, sizeof(line->place));
}

/* Remembers what is told of only when something in it is. */
static void note_context(struct builder *builder, size_t i)
{
	const struct vmsim_event *event = &builder->timeline->result->events[i];
	struct said *said = said_of(builder, event->tid);

	if (event->kind == VMSIM_EV_SYSCALL)
		said->syscall = i + 1;
	else if (event->kind == VMSIM_EV_SYSCALL_RET)
		said->syscall = 0;
	else if (event->kind == VMSIM_EV_IPI_RUN)
		said_of(builder, VMSIM_RECORD_IRQ)->irq = i + 1;
}

/* The picture begins where the set-up ends. Changes are told of where a thread is left. */
static void go_to(struct builder *builder, size_t i)
{
	if (builder->thread == NO_THREAD)
		memory_state_copy(&builder->shown, &builder->now);
	else if (!builder->full && builder->thread != builder->timeline->result->events[i].tid)
		say_changes(builder);
	builder->event = i;
	builder->thread = told(builder)->tid;
}

static bool is_wanted(const struct builder *builder, size_t i)
{
	const struct vmsim_result *result = builder->timeline->result;

	return builder->full || mark_of(builder, i) ||
	       (is_relevant(&builder->relevant, result, i) && !is_idle(&result->events[i]));
}

static void next_event(struct builder *builder, size_t i)
{
	const struct vmsim_result *result = builder->timeline->result;

	if (result->events[i].tid != VMSIM_RECORD_OTHER) {
		note_context(builder, i);
		if (is_wanted(builder, i)) {
			go_to(builder, i);
			if (builder->full)
				tell_fully(builder);
			else
				tell(builder);
		}
	}
	memory_state_apply(&builder->now, &result->events[i], recorded_pid(result, i));
}

/* The state of what is relevant, where the rule broke. */
static char *final_state(const struct builder *builder)
{
	char *text = NULL, words[STATE_WORDS];
	const char *gap = "";
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (size_t i = 0; i < builder->now.nr_pages; i++) {
		const struct page_state *page = &builder->now.pages[i];

		if (builder->relevant.everything ||
		    !is_relevant_page(&builder->relevant, page->pid, page->va))
			continue;
		pte_words(page, words, sizeof(words));
		fprintf(out, "%sprocess %d, 0x%" PRIx64 ": %s", gap, page->pid, page->va, words);
		gap = "; ";
		for (unsigned int cpu = 0; cpu < VMSIM_MAX_CPUS; cpu++) {
			tlb_words(page, cpu, words, sizeof(words));
			if (page->tlb[cpu])
				fprintf(out, "; %s", words);
		}
	}
	for (size_t i = 0; i < builder->now.nr_frames; i++) {
		if (builder->relevant.everything ||
		    !is_relevant_frame(&builder->relevant, builder->now.frames[i].pfn))
			continue;
		frame_words(&builder->now.frames[i], words, sizeof(words));
		fprintf(out, "%s%s", gap, words);
		gap = "; ";
	}
	fclose(out);
	return text;
}

/* Who did what came last, told of or not, broke the rule. */
static bool go_to_last(struct builder *builder)
{
	const struct vmsim_result *result = builder->timeline->result;

	for (size_t i = result->nr_events; i-- > 0;) {
		if (result->events[i].tid == VMSIM_RECORD_OTHER)
			continue;
		go_to(builder, i);
		return true;
	}
	return false;
}

static void say_end(struct builder *builder)
{
	const struct vmsim_violation *violation = &builder->timeline->result->violation;

	if (!go_to_last(builder))
		return;
	if (!builder->full)
		say_changes(builder);
	if (builder->timeline->result->violated)
		say(builder, LINE_VIOLATION, "[*] %s%s%s", violation->oracle,
		    violation->rule[0] ? " " : "", violation->rule);
}

/* Columns by CPU number. */
static void sort_columns(struct timeline *timeline)
{
	unsigned int place[VMSIM_MAX_THREADS], sorted[VMSIM_MAX_THREADS];

	for (unsigned int i = 0; i < timeline->nr_columns; i++) {
		place[i] = 0;
		for (unsigned int j = 0; j < timeline->nr_columns; j++)
			place[i] += timeline->cpu[j] < timeline->cpu[i];
		sorted[place[i]] = timeline->cpu[i];
	}
	memcpy(timeline->cpu, sorted, timeline->nr_columns * sizeof(sorted[0]));
	for (size_t i = 0; i < timeline->lines.n; i++)
		timeline->lines.line[i].column = place[timeline->lines.line[i].column];
}

void timeline_build(struct timeline *timeline, const struct vmsim_scenario *scenario,
		    const struct vmsim_result *result, bool full)
{
	/* In a bare scenario, no state of memory says what happened. */
	struct builder builder = {
		.timeline = timeline, .thread = NO_THREAD, .full = full || scenario->bare,
	};

	*timeline = (struct timeline) { .scenario = scenario, .result = result, .full = full };
	timeline->symbols = result->nr_stacks ? symbols_open() : NULL;
	marked_find(timeline->marked, result);
	for (unsigned int cpu = 0; cpu < VMSIM_MAX_CPUS; cpu++)
		builder.on_cpu[cpu] = NO_THREAD;
	relevant_find(&builder.relevant, result);
	for (size_t i = 0; i < result->nr_events; i++)
		next_event(&builder, i);
	say_end(&builder);
	if (result->violated)
		timeline->state = final_state(&builder);
	sort_columns(timeline);
	memory_state_free(&builder.now);
	memory_state_free(&builder.shown);
}

void timeline_free(struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->lines.n; i++)
		free(timeline->lines.line[i].text);
	free(timeline->lines.line);
	free(timeline->state);
	symbols_close(timeline->symbols);
}
