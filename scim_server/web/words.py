"""What the pages say, in every language that we speak. `{…}` stands for a value."""

from collections.abc import Mapping

from scim_server.services.languages import Language

WORDS: Mapping[str, Mapping[Language, str]] = {
    "invitation.title": {
        Language.EN: "Join {organization}",
        Language.PT_BR: "Participar de {organization}",
    },
    "invitation.new": {
        Language.EN: "Choose a password to set up your account. You will sign in with it and with this address.",
        Language.PT_BR: "Escolha uma senha para criar sua conta. Você entrará com ela e com este endereço.",
    },
    "invitation.known": {
        Language.EN: "You have an account already. Accept, and sign in the way you are used to.",
        Language.PT_BR: "Você já tem uma conta. Aceite e entre da forma como está acostumado.",
    },
    "invitation.email": {Language.EN: "E-mail address", Language.PT_BR: "Endereço de e-mail"},
    "invitation.password": {Language.EN: "Password", Language.PT_BR: "Senha"},
    "invitation.repeat": {Language.EN: "The same password again", Language.PT_BR: "A mesma senha outra vez"},
    "invitation.hint": {
        Language.EN: "At least {least} characters. Several words that have nothing to do with you are hard to guess "
        "and easy to remember.",
        Language.PT_BR: "Pelo menos {least} caracteres. Várias palavras que não têm a ver com você são difíceis de "
        "adivinhar e fáceis de lembrar.",
    },
    "invitation.length": {
        Language.EN: "The password must have {least} to {most} characters.",
        Language.PT_BR: "A senha deve ter de {least} a {most} caracteres.",
    },
    "invitation.weak": {
        Language.EN: "This password is too easy to guess. Take several words, without names or dates of yours.",
        Language.PT_BR: "Esta senha é fácil de adivinhar. Use várias palavras, sem nomes nem datas suas.",
    },
    "invitation.different": {
        Language.EN: "The two passwords are not the same.",
        Language.PT_BR: "As duas senhas não são iguais.",
    },
    "invitation.accept": {Language.EN: "Accept the invitation", Language.PT_BR: "Aceitar o convite"},
    "done.title": {Language.EN: "Welcome to {organization}", Language.PT_BR: "Boas-vindas a {organization}"},
    "done.sign_in": {
        Language.EN: "You have accepted the invitation. From now on you can sign in as {email}.",
        Language.PT_BR: "Você aceitou o convite. A partir de agora, pode entrar como {email}.",
    },
    "done.lands_in": {
        Language.EN: "You will land in {organization}, your default organization, and can switch from there.",
        Language.PT_BR: "Você entrará em {organization}, sua organização padrão, e poderá trocar a partir dela.",
    },
    "over.title": {
        Language.EN: "This invitation cannot be accepted",
        Language.PT_BR: "Este convite não pode ser aceito",
    },
    "over.unknown": {
        Language.EN: "We do not know this link. Open the one in the message again, whole.",
        Language.PT_BR: "Não conhecemos este link. Abra novamente o da mensagem, por inteiro.",
    },
    "over.accepted": {
        Language.EN: "It was accepted already. You can sign in.",
        Language.PT_BR: "Ele já foi aceito. Você pode entrar.",
    },
    "over.revoked": {
        Language.EN: "It was withdrawn. Ask the person who invited you.",
        Language.PT_BR: "Ele foi cancelado. Fale com quem convidou você.",
    },
    "over.replaced": {
        Language.EN: "There is a newer link. Open the one in the latest message.",
        Language.PT_BR: "Há um link mais novo. Abra o da mensagem mais recente.",
    },
    "over.expired": {
        Language.EN: "It is older than seven days. Ask the person who invited you for a new one.",
        Language.PT_BR: "Ele tem mais de sete dias. Peça um novo a quem convidou você.",
    },
    "over.no_seat": {
        Language.EN: "{organization} has no free seat at the moment. Ask the person who invited you; this link stays "
        "good.",
        Language.PT_BR: "{organization} não tem vaga no momento. Fale com quem convidou você; este link continua "
        "valendo.",
    },
    "over.other_account": {
        Language.EN: "You are a member already, with another address or account. Ask the person who invited you.",
        Language.PT_BR: "Você já participa, com outro endereço ou outra conta. Fale com quem convidou você.",
    },
    "error.title": {Language.EN: "That did not work", Language.PT_BR: "Não deu certo"},
    "error.missing": {
        Language.EN: "There is no such page. Check the address.",
        Language.PT_BR: "Esta página não existe. Verifique o endereço.",
    },
    "error.request": {
        Language.EN: "We could not read what your browser sent. Go back, and try again.",
        Language.PT_BR: "Não conseguimos ler o que seu navegador enviou. Volte e tente novamente.",
    },
    "error.busy": {
        Language.EN: "Others are changing the same at the moment. Nothing was kept; try again in a few seconds.",
        Language.PT_BR: "Outras pessoas estão mudando o mesmo agora. Nada foi salvo; tente de novo em alguns segundos.",
    },
    "error.bug": {
        Language.EN: "Something went wrong on our side. Try again later; if it stays like that, tell your "
        "administrator this number: {id}",
        Language.PT_BR: "Algo deu errado do nosso lado. Tente mais tarde; se continuar assim, informe este número ao "
        "administrador: {id}",
    },
}


def say(language: Language, key: str, **values: object) -> str:
    return WORDS[key][language].format(**values)
