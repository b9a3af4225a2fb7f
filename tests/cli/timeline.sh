#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Timelines: one picture as it should be, and what holds for all of them.
. "$2/lib.sh"

# Frames, tables and lines of source are not what is tested; which functions there are is up to the
# compiler, which expands some of them where they are called.
normal() {
	sed -e '/^$/,/^Memory then/d' -e 's/pfn [0-9][0-9]*/pfn N/g; s/table [0-9][0-9]*/table N/g' \
		-e 's/\.c:[0-9][0-9]*/.c:N/g' -e '/decisions, on CPU/d' -e '/^ *\(-> \)\{0,1\}[a-z_0-9]*()$/d'
}

"$vmsim" run lost-dirty --variant linux-6.1 --timeline | normal >"$work/picture"
sed '1,/^exit/d' "$0" | normal | diff - "$work/picture" >"$work/out" || fail 'another picture'

for variant in linux-6.1 row-nod-f-inside mkclean-lockless; do
	for tlb in ipi faulty; do
		runs 1 explore lost-dirty --variant "$variant" --tlb "$tlb" --strategy pct \
			--minimise --timeline --json
		is_json "max(map(len, x['timeline'].split('\n'))) <= 100"
		is_json "sum(l['kind'] == 'violation' for l in x['picture']['lines']) == 1"
		is_json "x['picture']['lines'][-1]['text'].startswith('[*] ' + x['violation']['oracle'])"
		is_json "[l['step'] for l in x['picture']['lines']] == sorted(l['step'] for l in x['picture']['lines'])"
		is_json "x['picture']['deciding']['first'] < x['picture']['deciding']['second']"
		# The two sides are steps of different threads, and each has a place.
		is_json "len({l['thread'] for l in x['picture']['lines'] if l['mark']}) == 2"
		is_json "all('.c:' in l['place'] or '.h:' in l['place'] for l in x['picture']['lines'] if l['mark'])"
		is_json "x['picture']['state'].startswith('process 1, 0x10000000: ')"
	done
done

runs 1 run lost-dirty --variant linux-6.1 --dot
python3 - "$work/out" <<'END' || fail 'no graph'
import re, sys
text = open(sys.argv[1]).read()
nodes = set(re.findall(r'(?m)^\t\t(n\d+) \[', text))
edges = re.findall(r'(?m)^\t+(n\d+) -> (n\d+)', text)
assert text.startswith('digraph') and text.count('{') == text.count('}')
assert len(nodes) > 10 and edges and all(a in nodes and b in nodes for a, b in edges)
assert text.count('label=decides') == 1 and text.count('octagon') == 1
END

# Everything: each event, with its place.
runs 1 run lost-dirty --variant linux-6.1 --timeline --json
python3 -c "import json; print(len(json.load(open('$work/out'))['picture']['lines']))" >"$work/few"
runs 1 run lost-dirty --variant linux-6.1 --timeline --full --json
is_json "len(x['picture']['lines']) > 2 * $(cat "$work/few")"
runs 0 run lost-dirty --timeline
says 'CPU0 (Writer)'
exit $failed
CPU0 (Writer)                        CPU1 (Zapper)
-------------                        -------------
lock(mmap_lock)
__handle_mm_fault()
-> alloc_pages()
[ pfn N: refs 1, maps 0 ]
-> filemap_add_folio()
[ pfn N: refs 2, maps 0 ]
-> filemap_fault()
read page 0 of file 1
-> filemap_page_mkwrite()
[ pfn N: refs 3, maps 0 ]
-> folio_mark_dirty()
[ pfn N: refs 3, maps 0, dirty ]
spin_lock(PTL of table N)
-> set_pte_range()
[ pfn N: refs 3, maps 1, dirty ]
-> set_ptes()
[ pte pfn N rw young dirty ]
spin_unlock(PTL of table N)
[ page fault at 0x10000000: page of
  the page cache, writable, pfn N ]
unlock(mmap_lock)
(1) [ CPU0 TLB: 0x10000000 -> pfn N
  rw dirty ]
[ CPU0 TLB pfn N rw dirty ]
store 0x10000000 = 0x1111
-- wrote-v1 --
                                     munmap(0x10000000, 0x1000)
                                     lock(mmap_lock)
                                     unlock(mmap_lock)
                                     lock(mmap_lock)
                                     spin_lock(PTL of table N)
                                     unmap_vmas()
                                     -> ptep_get_and_clear()
                                     (2) ptep_get_and_clear(0x10000000)
                                       [ was pfn N rw young dirty ]
                                     [ pte none ]
                                     [ CPU0 TLB pfn N rw dirty, stale ]
                                     -> folio_remove_rmap_ptes()
                                     [ pfn N: refs 3, maps 0, dirty ]
                                     [*] O6 MR3
process 1, 0x10000000: pte none; CPU0 TLB pfn N rw dirty, stale; pfn N:
    refs 3, maps 0, dirty
