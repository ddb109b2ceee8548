/** The corner where toasts come up, in the page's own colours. */
import { useEffect } from 'react';
import { Toaster } from 'sonner';
import { useTheme } from '@/lib/theme';
import { hostStands } from '@/lib/toast';

export default function Toasts() {
  const theme = useTheme((state) => state.theme);
  useEffect(hostStands, []);
  return (
    <Toaster
      theme={theme}
      position="bottom-right"
      offset={{ bottom: 36, right: 16 }}
      mobileOffset={{ bottom: 72 }}
      toastOptions={{
        style: {
          background: 'var(--raised)',
          color: 'var(--ink)',
          border: '1px solid var(--line-strong)',
          borderRadius: '10px',
          boxShadow: 'var(--shadow-2)',
          fontFamily: 'var(--font-sans)',
        },
        descriptionClassName: 'text-ink-2!',
      }}
    />
  );
}
