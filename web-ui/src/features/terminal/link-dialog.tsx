/** A link printed by an agent is shown whole before it is opened. */
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';

export function LinkDialog({ url, onClose }: { url: string | null; onClose(): void }) {
  return (
    <Dialog
      open={url !== null}
      onClose={onClose}
      title="Open this link?"
      lead="It was printed by an agent. Look at the address first."
    >
      <p className="max-h-40 overflow-auto break-all rounded-md border border-line bg-sunken p-3 font-mono text-sm">
        {url}
      </p>
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>Stay here</Button>
        <Button
          variant="solid"
          onClick={() => {
            if (url) window.open(url, '_blank', 'noopener,noreferrer');
            onClose();
          }}
        >
          Open in a new tab
        </Button>
      </div>
    </Dialog>
  );
}
