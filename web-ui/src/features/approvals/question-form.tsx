/** An agent's questions with choices: the words that are chosen go back as the answer. */
import { useState } from 'react';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/field';
import type { Approval } from '@/protocol/types';

interface Question {
  question: string;
  header: string;
  multiSelect: boolean;
  options: { label: string; description: string }[];
}

/** The questions of an input; what is no question is left out. */
export function questionsOf(input: Record<string, unknown>): Question[] {
  const all = Array.isArray(input.questions) ? input.questions : [];
  return all.flatMap((one): Question[] => {
    if (typeof one !== 'object' || one === null || typeof one.question !== 'string') return [];
    const options: unknown[] = Array.isArray(one.options) ? one.options : [];
    return [
      {
        question: one.question,
        header: typeof one.header === 'string' ? one.header : '',
        multiSelect: one.multiSelect === true,
        options: options.flatMap((option) => {
          const { label, description } = option as { label?: unknown; description?: unknown };
          if (typeof label !== 'string') return [];
          return [{ label, description: typeof description === 'string' ? description : '' }];
        }),
      },
    ];
  });
}

interface QuestionFormProps {
  approval: Approval;
  disabled: boolean;
  onAnswer(answers: Record<string, string>): void;
}

export function QuestionForm({ approval, disabled, onAnswer }: QuestionFormProps) {
  const questions = questionsOf(approval.input);
  const [chosen, setChosen] = useState<Record<string, string[]>>({});
  const [own, setOwn] = useState<Record<string, string>>({});
  const answers = Object.fromEntries(
    questions.map(({ question }) => {
      const words = [...(chosen[question] ?? []), own[question]?.trim() ?? ''].filter(Boolean);
      return [question, words.join(', ')];
    }),
  );
  const whole = questions.length > 0 && Object.values(answers).every(Boolean);
  const choose = (one: Question, label: string) => {
    const now = chosen[one.question] ?? [];
    const without = now.filter((each) => each !== label);
    const next = one.multiSelect ? (without.length < now.length ? without : [...now, label]) : [label];
    setChosen({ ...chosen, [one.question]: next });
    if (!one.multiSelect) setOwn({ ...own, [one.question]: '' });
  };
  const write = (one: Question, text: string) => {
    setOwn({ ...own, [one.question]: text });
    if (!one.multiSelect && text) setChosen({ ...chosen, [one.question]: [] });
  };
  return (
    <form
      className="space-y-5 px-4 pt-1 pb-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (whole) onAnswer(answers);
      }}
    >
      {questions.map((one) => (
        <fieldset key={one.question} disabled={disabled}>
          <legend className="mb-2 font-medium text-base">{one.question}</legend>
          <div className="space-y-1.5">
            {one.options.map(({ label, description }) => (
              <label
                key={label}
                className="flex cursor-pointer items-start gap-3 rounded-md border border-line-strong bg-raised px-3 py-2 hover:bg-hover has-checked:border-accent has-checked:bg-accent-soft touch:py-3"
              >
                <input
                  type={one.multiSelect ? 'checkbox' : 'radio'}
                  name={`${approval.id} ${one.question}`}
                  checked={(chosen[one.question] ?? []).includes(label)}
                  onChange={() => choose(one, label)}
                  className="mt-1 accent-(--accent)"
                />
                <span className="min-w-0 text-sm">
                  <span className="font-medium">{label}</span>
                  {description && <span className="block text-ink-2">{description}</span>}
                </span>
              </label>
            ))}
            <Input
              aria-label={`Other answer to: ${one.question}`}
              placeholder="Something else…"
              value={own[one.question] ?? ''}
              onChange={(event) => write(one, event.target.value)}
            />
          </div>
        </fieldset>
      ))}
      <Button type="submit" variant="solid" size="lg" disabled={disabled || !whole} className="phone:w-full">
        Send the answer
      </Button>
    </form>
  );
}
