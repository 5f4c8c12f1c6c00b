"""What the pages of somebody who has signed in say."""

from collections.abc import Mapping

from scim_server.services.languages import Language

ACCOUNT: Mapping[str, Mapping[Language, str]] = {
    "logout.title": {Language.EN: "Sign out?", Language.PT_BR: "Sair?"},
    "logout.button": {Language.EN: "Sign out", Language.PT_BR: "Sair"},
    "logout.back": {Language.EN: "Back to your account", Language.PT_BR: "Voltar para sua conta"},
    "logout.done": {Language.EN: "You are signed out", Language.PT_BR: "Você saiu"},
    "logout.elsewhere": {
        Language.EN: "You may still be signed in at your company. On a computer of others, sign out there too.",
        Language.PT_BR: "Você ainda pode estar conectado em sua empresa. Em um computador de outros, saia lá também.",
    },
    "logout.again": {Language.EN: "Sign in again", Language.PT_BR: "Entrar novamente"},
    "account.title": {Language.EN: "Your account", Language.PT_BR: "Sua conta"},
    "account.who": {
        Language.EN: "You are signed in to {organization} as {user_name}.",
        Language.PT_BR: "Você entrou em {organization} como {user_name}.",
    },
    "account.organizations": {Language.EN: "Organizations", Language.PT_BR: "Organizações"},
    "account.here": {Language.EN: "you are here", Language.PT_BR: "você está aqui"},
    "account.default": {Language.EN: "your default", Language.PT_BR: "sua padrão"},
    "account.switch": {Language.EN: "Switch", Language.PT_BR: "Trocar"},
    "account.land": {Language.EN: "Make default", Language.PT_BR: "Tornar padrão"},
    "account.sessions": {Language.EN: "Where you are signed in", Language.PT_BR: "Onde você está conectado"},
    "account.this": {Language.EN: "this one", Language.PT_BR: "este"},
    "account.session": {
        Language.EN: "Since {since}, last used {seen}",
        Language.PT_BR: "Desde {since}, último uso em {seen}",
    },
    "account.end": {Language.EN: "Sign out", Language.PT_BR: "Encerrar"},
    "account.end_others": {Language.EN: "Sign out everywhere else", Language.PT_BR: "Encerrar em todos os outros"},
    "account.sign_ins": {Language.EN: "Your last sign-ins", Language.PT_BR: "Seus últimos acessos"},
    "account.strange_there": {
        Language.EN: "Is one of them not yours? Tell your administrator, and have your company's password changed.",
        Language.PT_BR: "Algum deles não é seu? Avise o administrador e troque a senha da sua empresa.",
    },
    "account.strange": {
        Language.EN: "Is one of them not yours? Choose a new password, and tell your administrator.",
        Language.PT_BR: "Algum não é seu? Escolha uma nova senha e avise o administrador.",
    },
    "account.none": {Language.EN: "None yet.", Language.PT_BR: "Nenhum ainda."},
    "account.device": {Language.EN: "{browser} on {system}", Language.PT_BR: "{browser} em {system}"},
    "account.no_device": {Language.EN: "Unknown device", Language.PT_BR: "Dispositivo desconhecido"},
    "account.factors": {Language.EN: "Second step", Language.PT_BR: "Segundo passo"},
    "account.no_factors": {
        Language.EN: "You have none. With one, a stolen password lets nobody in.",
        Language.PT_BR: "Você não tem nenhum. Com um, uma senha roubada não permite a entrada de ninguém.",
    },
    "account.app": {Language.EN: "Authenticator app", Language.PT_BR: "Aplicativo autenticador"},
    "account.add_app": {Language.EN: "Set up an authenticator app", Language.PT_BR: "Configurar um aplicativo"},
    "account.new_app": {Language.EN: "Set up another app", Language.PT_BR: "Configurar outro aplicativo"},
    "account.add_passkey": {Language.EN: "Add a passkey", Language.PT_BR: "Adicionar chave de acesso"},
    "account.passkey_name": {Language.EN: "Name of the passkey", Language.PT_BR: "Nome da chave de acesso"},
    "account.passkey_problem": {
        Language.EN: "That did not work, or was stopped. Try again.",
        Language.PT_BR: "Não funcionou ou foi interrompido. Tente de novo.",
    },
    "account.remove": {Language.EN: "Remove", Language.PT_BR: "Remover"},
    "account.codes_left": {
        Language.EN: "Recovery codes left: {left}",
        Language.PT_BR: "Códigos de recuperação restantes: {left}",
    },
    "account.new_codes": {Language.EN: "New recovery codes", Language.PT_BR: "Novos códigos de recuperação"},
    "account.sign_in_anew": {
        Language.EN: "To change this, sign in again: your last sign-in was more than a quarter of an hour ago.",
        Language.PT_BR: "Para mudar isto, entre novamente: seu último acesso foi há mais de quinze minutos.",
    },
    "account.last_factor": {
        Language.EN: "This is your last second step, and an organization asks you for one. Set up another one first.",
        Language.PT_BR: "Este é seu último segundo passo, e uma organização exige um. Configure outro antes.",
    },
    "way.password": {Language.EN: "password", Language.PT_BR: "senha"},
    "way.code": {Language.EN: "access code", Language.PT_BR: "código de acesso"},
    "way.passkey": {Language.EN: "passkey", Language.PT_BR: "chave de acesso"},
    "way.saml": {Language.EN: "your company's sign-in", Language.PT_BR: "acesso da sua empresa"},
    "way.oidc": {Language.EN: "your company's sign-in", Language.PT_BR: "acesso da sua empresa"},
    "outcome.signed_in": {Language.EN: "signed in", Language.PT_BR: "entrou"},
    "outcome.refused": {Language.EN: "refused ({code})", Language.PT_BR: "recusado ({code})"},
    "outcome.test_passed": {Language.EN: "test", Language.PT_BR: "teste"},
    "outcome.test_failed": {Language.EN: "test, refused ({code})", Language.PT_BR: "teste, recusado ({code})"},
}
