/** What an act would lose or bring along, listed; where it may be done all the same, one says so here. */
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import type { WorktreeRefusal } from '@/protocol/types';
import type { Refused } from './api';

const YES = { merge: 'Merge all the same', remove: 'Remove and lose this', commit: 'Commit all the same' };

interface RefusalDialogProps {
  refused: Refused | null;
  onConfirm(confirm: string): void;
  onClose(): void;
}

export function RefusalDialog({ refused, onConfirm, onClose }: RefusalDialogProps) {
  if (!refused) return null;
  const { act, detail, lists } = refused;
  const { confirm } = lists;
  return (
    <Dialog open onClose={onClose} wide title={titleOf(refused)} lead={detail}>
      <div className="space-y-4">
        {listsOf(lists).map(([title, items]) => (
          <section key={title}>
            <h3 className="label mb-1">{title}</h3>
            <ul className="max-h-52 overflow-auto rounded-md border border-line bg-sunken px-3 py-2 font-mono text-[12.5px]">
              {items.map((item) => (
                <li key={item} className="break-all">
                  {item}
                </li>
              ))}
            </ul>
          </section>
        ))}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{confirm ? 'Leave it' : 'Close'}</Button>
          {confirm && (
            <Button variant="danger" onClick={() => onConfirm(confirm)}>
              {YES[act.act]}
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  );
}

function titleOf({ act, lists }: Refused): string {
  if (!lists.confirm) return 'That does not go now';
  return act.act === 'remove' ? 'This would be lost' : 'Look at this first';
}

function listsOf(lists: WorktreeRefusal): [title: string, items: string[]][] {
  const all: [string, string[]][] = [
    ['uncommitted', lists.uncommitted.map(({ path, change }) => `${path} (${change})`)],
    ['commits', lists.commits.map(({ id, subject }) => `${id.slice(0, 9)} ${subject}`)],
    ['conflicts', lists.conflicts],
    ['tools run these by themselves', lists.executes],
    ['ignored, and gone with the folder', lists.ignored],
  ];
  return all.filter(([, items]) => items.length > 0);
}
