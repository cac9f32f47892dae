"""Operations that outlive the screen: a process of their own, with locks and a journal."""
