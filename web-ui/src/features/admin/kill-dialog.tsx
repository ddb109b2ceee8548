/** Ends many agents at once, after the right word was typed. */
import { useState } from 'react';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field, Input } from '@/components/ui/field';
import type { UserView } from '@/protocol/types';
import { useAdminAct } from './api';

export function KillDialog({ whose, onClose }: { whose: UserView | 'everything'; onClose(): void }) {
  const act = useAdminAct();
  const [typed, setTyped] = useState('');
  const word = whose === 'everything' ? 'everything' : whose.name;
  const title = whose === 'everything' ? 'End the agents of everybody' : `End all agents of ${whose.name}`;
  const request = whose === 'everything' ? { confirm: typed } : { user: whose.id, confirm: typed };
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      lead="Every process they started ends at once. What they had not saved is lost."
    >
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          act.mutate({ act: 'kill', request }, { onSuccess: onClose });
        }}
      >
        <Field label={`Type ${word} to confirm`}>
          {(ids) => (
            <Input
              {...ids}
              data-autofocus
              autoComplete="off"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
        <Button type="submit" variant="danger" disabled={typed !== word || act.isPending}>
          End them
        </Button>
      </form>
    </Dialog>
  );
}
