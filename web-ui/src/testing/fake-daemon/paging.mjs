// Lists in pages: the cursor is the place where the next page begins.

/** One page of a list, as the daemon gives it. */
export function paged(items, search) {
  const from = Number(search.get('cursor') ?? 0);
  const to = from + Number(search.get('limit') ?? 50);
  return { body: { items: items.slice(from, to), next_cursor: to < items.length ? String(to) : null } };
}
