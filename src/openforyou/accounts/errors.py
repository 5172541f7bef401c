"""What can go wrong at the door."""

from openforyou.core.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn


class WrongCredentials(NotSignedIn):
    """The e-mail or the password is wrong; which of the two is not told."""

    code = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__(
            "The e-mail or the password is wrong.", hint="Check both, or sign in with a passkey if you have one."
        )


class WrongPassword(NotAllowed):
    """Somebody who is signed in gave a wrong password."""

    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__("That is not your password.", hint="Type your present password.", field="current_password")


class EmailTaken(Conflict):
    """An account with that e-mail exists."""

    code = "email_taken"

    def __init__(self) -> None:
        super().__init__("There is an account with this e-mail.", hint="Sign in instead.", field="email")


class BadPasskey(BadInput):
    """The browser's answer does not prove anything; `why` says what is amiss."""

    code = "bad_passkey"

    def __init__(self, why: str) -> None:
        super().__init__(f"The passkey was not accepted: {why}", hint="Begin again.", field="credential")


class PasskeyCopied(NotSignedIn):
    """A passkey's counter went back: two devices hold the same key, and one of them may be a thief's."""

    code = "passkey_copied"

    def __init__(self) -> None:
        super().__init__(
            "This passkey's counter went back, as a copied key's would.",
            hint="Sign in another way, remove this passkey in the settings, and make a new one.",
        )


class AccountNotFound(NotFound):
    """No such account. The e-mail is not repeated: what is raised may end in a log."""

    def __init__(self) -> None:
        super().__init__("There is no account with this e-mail.", hint="Check the spelling.", field="email")


class PasskeyNotFound(NotFound):
    """No such passkey on this account."""

    def __init__(self) -> None:
        super().__init__("There is no such passkey on your account.", hint="It was removed already.")


class LastWayIn(Conflict):
    """Removing it would lock its owner out."""

    code = "last_way_in"

    def __init__(self) -> None:
        super().__init__(
            "This passkey is the only way into your account.", hint="Set a password or add another passkey first."
        )


class TooManyPasskeys(Conflict):
    """An account has as many as it may."""

    code = "too_many_passkeys"

    def __init__(self, most: int) -> None:
        super().__init__(f"An account can have {most} passkeys.", hint="Remove one that you no longer use.")


class BadInvitation(NotAllowed):
    """The same for a code that was never given out, is used, expired, or one's own."""

    code = "bad_invitation"

    def __init__(self) -> None:
        super().__init__(
            "This code opens nothing.",
            hint="A code is good for two days and for one person: ask for a new one.",
            field="code",
        )


class NotAGuardian(NotFound):
    """The same for somebody else's ward and for nobody's."""

    code = "not_a_guardian"

    def __init__(self) -> None:
        super().__init__("You decide for nobody of that id.", hint="See the page Guardian for those you decide for.")
