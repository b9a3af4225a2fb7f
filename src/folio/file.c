// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include "mm/mm_internal.h"
#include <linux/pagemap.h>
#include <vmsim/process.h>
#include <errno.h>

/*
 * Files: an inode with its page cache and its backing store, and one open file of it. The list is
 * guarded by mm_list_lock. The list's reference makes a file findable by its id.
 */

/* Everything that makes up a file, in one object. */
struct file_parts {
	struct file file;
	struct inode inode;
	struct vmsim_pagecache cache;
	struct vmsim_store store;
};

static void mapping_init(struct file_parts *parts, bool swapbacked)
{
	struct address_space *mapping = &parts->inode.i_data;

	mapping->host = &parts->inode;
	mapping->i_pages = &parts->cache;
	mapping->store = &parts->store;
	mapping->dirty_tracked = !swapbacked;
	mapping->swapbacked = swapbacked;
	mapping->i_mmap = RB_ROOT_CACHED;
	init_rwsem(&mapping->i_mmap_rwsem);
	spin_lock_init(&parts->cache.lock);
	spin_lock_init(&parts->store.lock);
}

static struct file *file_new(struct vmsim_machine *m, const char *name, uint64_t size,
			     bool swapbacked)
{
	struct file_parts *parts = vmsim_machine_alloc(m, sizeof(*parts));
	struct file *file;

	if (!parts)
		return NULL;
	mapping_init(parts, swapbacked);
	parts->inode.i_mapping = &parts->inode.i_data;
	parts->inode.i_size = size;
	file = &parts->file;
	file->f_inode = &parts->inode;
	file->f_mapping = &parts->inode.i_data;
	file->f_count.counter = 1;
	file->f_id = VMSIM_NO_FILE;
	INIT_LIST_HEAD(&file->f_list);
	snprintf(file->f_name, sizeof(file->f_name), "%s", name ? name : "");
	return file;
}

struct file *vmsim_file_new_shmem(struct vmsim_machine *machine, uint64_t size)
{
	return file_new(machine, "shmem", size, true);
}

/* Nobody maps the file or knows its name: what is dirty dies with it. */
static void forget_folio(struct folio *folio)
{
	folio_lock(folio);
	folio_wait_writeback(folio);
	folio_detach_private(folio);
	if (folio->mapping)
		filemap_remove_folio(folio);
	folio_unlock(folio);
}

static void forget_cache(struct address_space *mapping)
{
	struct folio *folio;
	pgoff_t index = 0;

	while ((folio = vmsim_pagecache_next(mapping, &index, ~0UL))) {
		forget_folio(folio);
		folio_put(folio);
	}
	vmsim_index_destroy(&mapping->i_pages->folios);
}

void vmsim_file_put(struct file *file)
{
	if (!atomic_long_dec_and_test(&file->f_count))
		return;
	forget_cache(file->f_mapping);
	vmsim_store_destroy(file->f_mapping->store);
	vmsim_machine_free(vmsim_this_machine(), container_of(file, struct file_parts, file));
}

/* Under mm_list_lock. */
static struct file *find(struct vmsim_machine *m, int id)
{
	struct file *file;

	list_for_each_entry(file, &m->files, f_list)
		if (file->f_id == id)
			return file;
	return NULL;
}

struct file *vmsim_file_get(struct vmsim_machine *machine, int id)
{
	struct file *file;

	spin_lock(&machine->mm_list_lock);
	file = find(machine, id);
	if (file)
		atomic_long_inc(&file->f_count);
	spin_unlock(&machine->mm_list_lock);
	return file;
}

static int file_publish(struct vmsim_machine *m, struct file *file)
{
	spin_lock(&m->mm_list_lock);
	file->f_id = m->next_file++;
	file->f_inode->i_ino = (unsigned long)file->f_id;
	list_add_tail(&file->f_list, &m->files);
	spin_unlock(&m->mm_list_lock);
	return file->f_id;
}

/* Takes the file off the list, and its reference with it. */
static struct file *file_withdraw(struct vmsim_machine *m, int id)
{
	struct file *file;

	spin_lock(&m->mm_list_lock);
	file = find(m, id);
	if (!file)
		file = ERR_PTR(-ENOENT);
	else if (atomic_long_read(&file->f_count) > 1)
		file = ERR_PTR(-EBUSY);
	else
		list_del_init(&file->f_list);
	spin_unlock(&m->mm_list_lock);
	return file;
}

static int create(struct vmsim_machine *machine, const char *name, uint64_t size, bool swapbacked)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);
	struct vmsim_borrowed borrowed;
	struct file *file;
	int result;

	if (!m)
		return -EBADF;
	if (size > VMSIM_MAX_FILE_SIZE)
		return -EFBIG;
	result = vmsim_borrow_cpu(m, &borrowed);
	if (result)
		return result;
	file = file_new(m, name, size, swapbacked);
	result = file ? file_publish(m, file) : -ENOMEM;
	vmsim_return_cpu(&borrowed);
	return result;
}

/**
 * vmsim_file_create() - makes a file of zeros
 * @machine: the machine
 * @name: name for reports
 * @size: in bytes
 *
 * Return: its id; -EBADF; -EFBIG; -ENOMEM; -EBUSY: the caller is not attached and every CPU has a
 * thread.
 */
VMSIM_API int vmsim_file_create(struct vmsim_machine *machine, const char *name, uint64_t size)
{
	return create(machine, name, size, false);
}

/**
 * vmsim_memfd_create() - makes a file of zeros that lies in memory alone (shmem)
 * @machine: the machine
 * @name: name for reports
 * @size: in bytes
 *
 * Its pages are never written back, so that nobody has to notice when they are written to.
 *
 * Return: as vmsim_file_create().
 */
VMSIM_API int vmsim_memfd_create(struct vmsim_machine *machine, const char *name, uint64_t size)
{
	return create(machine, name, size, true);
}

/**
 * vmsim_file_destroy() - ends a file, its cached and its stored pages
 * @machine: the machine
 * @file: id of the file
 *
 * Return: 0; -EBADF; -ENOENT: no such file; -EBUSY: it is mapped or in use, or as
 * vmsim_file_create().
 */
VMSIM_API int vmsim_file_destroy(struct vmsim_machine *machine, int file)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);
	struct vmsim_borrowed borrowed;
	struct file *f;
	int err;

	if (!m)
		return -EBADF;
	err = vmsim_borrow_cpu(m, &borrowed);
	if (err)
		return err;
	f = file_withdraw(m, file);
	if (IS_ERR(f))
		err = (int)PTR_ERR(f);
	else
		vmsim_file_put(f);
	vmsim_return_cpu(&borrowed);
	return err;
}
