/** Name and password of a local account. */
import { type FormEvent, useState } from 'react';
import { Button } from '@/components/ui/button';
import { Field, Input } from '@/components/ui/field';

interface PasswordFormProps {
  enter(name: string, password: string): Promise<string | null>;
}

export function PasswordForm({ enter }: PasswordFormProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(await enter(String(form.get('name')), String(form.get('password'))));
    setBusy(false);
  }

  return (
    <form className="space-y-3" onSubmit={(event) => void submit(event)}>
      <Field label="Name">
        {(ids) => <Input {...ids} name="name" autoComplete="username" autoCapitalize="none" required />}
      </Field>
      <Field label="Password" error={error}>
        {(ids) => <Input {...ids} name="password" type="password" autoComplete="current-password" required />}
      </Field>
      <Button type="submit" variant="solid" size="lg" disabled={busy}>
        {busy ? 'Checking…' : 'Log in'}
      </Button>
    </form>
  );
}
