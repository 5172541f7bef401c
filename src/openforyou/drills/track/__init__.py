"""Staff who want to find out whom journalists met: by their e-mails, devices, addresses and places, alone and together.

The reported case. Each seat tries what it can reach; what two who collude still see is an attack too, that counts as
detected by what stands on the journalist's own page.
"""
