// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <vmsim/process.h>

/*
 * A process holds one user count of its address space, and each attached thread another. Pids are
 * never reused. The list is guarded by mm_list_lock.
 */

static struct vmsim_process *find_locked(struct vmsim_machine *m, int pid)
{
	struct vmsim_process *process;

	list_for_each_entry(process, &m->processes, list)
		if (process->pid == pid)
			return process;
	return NULL;
}

struct vmsim_process *vmsim_process_find(struct vmsim_machine *m, int pid)
{
	struct vmsim_process *process;

	spin_lock(&m->mm_list_lock);
	process = find_locked(m, pid);
	spin_unlock(&m->mm_list_lock);
	return process;
}

struct mm_struct *vmsim_process_get_mm(struct vmsim_machine *m, int pid)
{
	struct vmsim_process *process;
	struct mm_struct *mm;

	spin_lock(&m->mm_list_lock);
	process = find_locked(m, pid);
	mm = process ? process->mm : NULL;
	if (mm)
		atomic_inc(&mm->mm_users);
	spin_unlock(&m->mm_list_lock);
	return mm;
}

static void set_name(struct vmsim_process *process, const char *name)
{
	snprintf(process->name, sizeof(process->name), "%s", name ? name : "");
}

/* A process around @mm, whose user count it takes over. @signal: it begins with these limits. */
static struct vmsim_process *process_new(struct vmsim_machine *m, const char *name,
					 struct mm_struct *mm, const struct signal_struct *signal)
{
	struct vmsim_process *process = kzalloc(sizeof(*process), GFP_KERNEL);

	if (!process)
		return NULL;
	*process = (struct vmsim_process) { .mm = mm, .signal = *signal };
	set_name(process, name);
	spin_lock(&m->mm_list_lock);
	process->pid = m->next_pid++;
	list_add_tail(&process->list, &m->processes);
	spin_unlock(&m->mm_list_lock);
	return process;
}

/**
 * vmsim_process_create() - a process with an empty address space
 * @machine: the machine
 * @name: name for reports
 *
 * Return: its pid; -EBADF; -ENOMEM; -EBUSY: the caller is not attached and every CPU has a thread.
 */
VMSIM_API int vmsim_process_create(struct vmsim_machine *machine, const char *name)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);
	struct vmsim_process *process = NULL;
	struct vmsim_borrowed borrowed;
	struct mm_struct *mm;
	int pid = -ENOMEM;
	int err;

	if (!m)
		return -EBADF;
	err = vmsim_borrow_cpu(m, &borrowed);
	if (err)
		return err;
	mm = mm_alloc();
	if (mm) {
		process = process_new(m, name, mm, &m->signal);
		if (process)
			pid = mm->pid = process->pid;
		else
			mmput(mm);
	}
	vmsim_return_cpu(&borrowed);
	return pid;
}

/**
 * vmsim_process_destroy() - ends a process that no thread is attached to
 * @machine: the machine
 * @pid: the process
 *
 * Return: 0; -EBADF; -ESRCH: no such process; -EBUSY: a thread is attached to it, or the caller is
 * not attached to the machine and every CPU has a thread.
 */
VMSIM_API int vmsim_process_destroy(struct vmsim_machine *machine, int pid)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);
	struct vmsim_process *process;
	struct vmsim_borrowed borrowed;
	int err;

	if (!m)
		return -EBADF;
	err = vmsim_borrow_cpu(m, &borrowed);
	if (err)
		return err;
	spin_lock(&m->mm_list_lock);
	process = find_locked(m, pid);
	if (!process)
		err = -ESRCH;
	else if (process->threads)
		err = -EBUSY;
	else
		list_del(&process->list);
	spin_unlock(&m->mm_list_lock);
	if (!err) {
		if (process->mm)
			mmput(process->mm);
		kfree(process);
	}
	vmsim_return_cpu(&borrowed);
	return err;
}

/* One more thread of the process; a user of its address space, which *@mm receives. */
static struct vmsim_process *join(struct vmsim_machine *m, int pid, struct mm_struct **mm)
{
	struct vmsim_process *process;

	spin_lock(&m->mm_list_lock);
	process = find_locked(m, pid);
	if (process) {
		process->threads++;
		*mm = process->mm;
		if (*mm)
			atomic_inc(&(*mm)->mm_users);
	}
	spin_unlock(&m->mm_list_lock);
	return process;
}

static void enter_process(struct task_struct *task, struct vmsim_process *process,
			  struct mm_struct *mm)
{
	task->pid = process->pid;
	task->signal = &process->signal;
	task->mm = task->active_mm = mm;
	memcpy(task->comm, process->name, sizeof(task->comm));
	vmsim_switch_mm(task->cpu, mm);
}

/* Makes @task, which runs on its CPU, a thread of the process. */
int vmsim_process_attach(struct vmsim_machine *m, int pid, struct task_struct *task)
{
	struct mm_struct *mm = NULL;
	struct vmsim_process *process = join(m, pid, &mm);

	if (!process)
		return -ESRCH;
	enter_process(task, process, mm);
	return 0;
}

/* Takes the task's address space away from it. */
static void leave_mm(struct task_struct *task)
{
	struct mm_struct *mm = task->mm;

	if (!mm)
		return;
	task->mm = task->active_mm = NULL;
	vmsim_switch_mm(task->cpu, NULL);
	mmput(mm);
}

void vmsim_process_detach(struct task_struct *task)
{
	struct vmsim_machine *m = task->machine;
	struct vmsim_process *process;

	leave_mm(task);
	spin_lock(&m->mm_list_lock);
	process = find_locked(m, task->pid);
	if (process)
		process->threads--;
	spin_unlock(&m->mm_list_lock);
	task->pid = 0;
	task->signal = &m->signal;
}

/**
 * vmsim_become() - the calling thread leaves its process and becomes one of another
 * @pid: the other process
 *
 * What a kernel's new thread is that returns from fork() in the child: here, the thread that called
 * vmsim_fork() goes on there, or another one does.
 *
 * Return: 0; -ESRCH: the caller is not attached, or there is no such process.
 */
VMSIM_API int vmsim_become(int pid)
{
	struct task_struct *self = vmsim_self;
	struct vmsim_process *process;
	struct mm_struct *mm = NULL;
	int err = vmsim_enter();

	if (err)
		return err;
	process = join(self->machine, pid, &mm);
	if (process) {
		vmsim_process_detach(self);
		enter_process(self, process, mm);
	}
	vmsim_leave();
	return process ? 0 : -ESRCH;
}

/* Gives the process another address space; returns the one it had, with its user count. */
static struct mm_struct *replace_mm(struct vmsim_machine *m, struct vmsim_process *process,
				    struct mm_struct *mm)
{
	struct mm_struct *old;

	spin_lock(&m->mm_list_lock);
	old = process->mm;
	process->mm = mm;
	process->vforked = false;
	spin_unlock(&m->mm_list_lock);
	return old;
}

static int do_exec(struct task_struct *self, const char *name)
{
	struct vmsim_machine *m = self->machine;
	struct vmsim_process *process = vmsim_process_find(m, self->pid);
	struct mm_struct *mm, *old;

	if (!process)
		return -ESRCH;
	if (process->threads > 1)
		return -EBUSY;
	mm = mm_alloc();
	if (!mm)
		return -ENOMEM;
	mm->pid = self->pid;
	if (name)
		set_name(process, name);
	memcpy(self->comm, process->name, sizeof(self->comm));
	old = replace_mm(m, process, mm);
	leave_mm(self);
	if (old)
		mmput(old);
	atomic_inc(&mm->mm_users);
	self->mm = self->active_mm = mm;
	vmsim_switch_mm(self->cpu, mm);
	return 0;
}

/**
 * vmsim_exec() - the caller's process starts another program
 * @name: new name, or NULL to keep it
 *
 * The address space is replaced by an empty one. One that was shared since vmsim_vfork() stays with
 * its other users.
 *
 * Return: 0; -ESRCH: the caller is not attached, or has exited; -ENOMEM; -EBUSY: the process has
 * other threads (a kernel would kill them, which is not modelled).
 */
VMSIM_API int vmsim_exec(const char *name)
{
	int err = vmsim_syscall_enter("exec", 0, 0);

	if (err)
		return err;
	return (int)vmsim_syscall_leave("exec", do_exec(vmsim_self, name));
}

/**
 * vmsim_exit() - the caller's process gives up its address space
 *
 * Other processes that share it keep it, and so does each other thread of the process until it
 * exits or detaches. The process stays known, without memory, until vmsim_process_destroy().
 *
 * Return: 0; -ESRCH: the caller is not attached, or has exited already.
 */
VMSIM_API int vmsim_exit(void)
{
	struct task_struct *self = vmsim_self;
	struct vmsim_process *process;
	struct mm_struct *old = NULL;
	int err = vmsim_syscall_enter("exit", 0, 0);

	if (err)
		return err;
	process = vmsim_process_find(self->machine, self->pid);
	if (process && process->mm == self->mm)
		old = replace_mm(self->machine, process, NULL);
	leave_mm(self);
	if (old)
		mmput(old);
	return (int)vmsim_syscall_leave("exit", 0);
}

/**
 * vmsim_vfork() - a process that shares the caller's address space
 * @name: name of the new process; NULL: the caller's
 *
 * The new process has no thread; one attaches to it with its pid. It gets an address space of its
 * own from vmsim_exec(). Nothing stops the parent meanwhile: that is up to the program.
 *
 * Return: the new pid; -ESRCH: the caller is not attached, or has exited; -ENOMEM.
 */
VMSIM_API int vmsim_vfork(const char *name)
{
	struct task_struct *self = vmsim_self;
	struct vmsim_process *child;
	int err = vmsim_syscall_enter("vfork", 0, 0);

	if (err)
		return err;
	atomic_inc(&self->mm->mm_users);
	child = process_new(self->machine, name ? name : self->comm, self->mm, self->signal);
	if (child) {
		child->vforked = true;
		return (int)vmsim_syscall_leave("vfork", child->pid);
	}
	atomic_dec(&self->mm->mm_users);
	return (int)vmsim_syscall_leave("vfork", -ENOMEM);
}

/**
 * vmsim_fork() - a process with a copy of the caller's address space
 * @name: name of the new process; NULL: the caller's
 *
 * Private memory is copied when one of the two writes to it. The new process has no thread; one
 * attaches to it with its pid.
 *
 * Source: copy_mm(), kernel/fork.c, Linux 6.12.
 *
 * Return: the new pid; -ESRCH: the caller is not attached, or has exited; -ENOMEM: nothing has
 * changed, but that memory of the caller may have to be written to anew.
 */
VMSIM_API int vmsim_fork(const char *name)
{
	struct task_struct *self = vmsim_self;
	struct vmsim_process *child = NULL;
	struct mm_struct *mm;
	int err = vmsim_syscall_enter("fork", 0, 0);

	if (err)
		return err;
	mm = dup_mm(self, self->mm);
	if (mm)
		child = process_new(self->machine, name ? name : self->comm, mm, self->signal);
	if (child) {
		mm->pid = child->pid;
		return (int)vmsim_syscall_leave("fork", child->pid);
	}
	if (mm)
		mmput(mm);
	return (int)vmsim_syscall_leave("fork", -ENOMEM);
}

/**
 * vmsim_rss_get() - resident pages of a process
 * @machine: the machine
 * @pid: the process
 * @rss: filled in; all zero after vmsim_exit()
 *
 * Return: 0; -EBADF; -ESRCH: no such process; -EINVAL; -EBUSY: as vmsim_process_create().
 */
VMSIM_API int vmsim_rss_get(struct vmsim_machine *machine, int pid, struct vmsim_rss *rss)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);
	struct vmsim_process *process;
	struct vmsim_borrowed borrowed;
	int err;

	if (!m)
		return -EBADF;
	if (!rss)
		return -EINVAL;
	err = vmsim_borrow_cpu(m, &borrowed);
	if (err)
		return err;
	memset(rss, 0, sizeof(*rss));
	spin_lock(&m->mm_list_lock);
	process = find_locked(m, pid);
	if (process && process->mm) {
		rss->anon = get_mm_counter(process->mm, MM_ANONPAGES);
		rss->file = get_mm_counter(process->mm, MM_FILEPAGES);
		rss->shmem = get_mm_counter(process->mm, MM_SHMEMPAGES);
		rss->swap = get_mm_counter(process->mm, MM_SWAPENTS);
	}
	spin_unlock(&m->mm_list_lock);
	vmsim_return_cpu(&borrowed);
	return process ? 0 : -ESRCH;
}
